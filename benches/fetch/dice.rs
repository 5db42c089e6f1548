//! Choices that are the same for the same seed.

/// Xorshift: Marsaglia 2003.
pub struct Dice(u64);

impl Dice {
    /// Any seed will do.
    pub fn new(seed: u64) -> Self {
        // Neighbouring numbers become distant seeds: the finalizer of SplitMix64 (Steele 2014).
        let mut mixed = seed.wrapping_add(0x9e37_79b9_7f4a_7c15);
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        Self((mixed ^ (mixed >> 31)).max(1))
    }

    pub fn next(&mut self) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0
    }

    pub fn octets(&mut self, count: usize) -> Vec<u8> {
        (0..count / 8).flat_map(|_| self.next().to_le_bytes()).collect()
    }

    /// A number below another.
    pub fn below(&mut self, limit: u64) -> u64 {
        (self.next() >> 16) % limit.max(1)
    }

    /// One of several; the empty word if there is none.
    pub fn one_of<T: Copy + Default>(&mut self, several: &[T]) -> T {
        let at = self.below(several.len() as u64) as usize;
        several.get(at).copied().unwrap_or_default()
    }
}
