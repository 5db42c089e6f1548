//! Words of customers that look like what programs write: each stays whole, in a first mail and in an answer.

/// Looks like the footer of a telephone.
const FOOTERS: [&str; 26] = [
    "Hallo,\n\nVon meinem Büro aus kann ich nicht drucken.",
    "Hallo,\n\nVon meinem iPhone aus kann ich nicht drucken.",
    "Hallo,\n\nvon meiner Kollegin habe ich nichts gehört",
    "안녕하세요,\n나의 프린터가 고장났습니다.",
    "您好，\n從我的電腦無法列印。",
    "您好，\n從我的 iPhone 無法列印",
    "你好\n发自内心地感谢",
    "Hello,\nSent via DHL on Monday, tracking 123, not arrived.",
    "Hello,\nSent from my old address on 3 November",
    "Hello,\nSent from my iPhone, the pictures are blurred",
    "Hello,\nSent via e-mail.",
    "Hello,\nGet Outlook for me, please",
    "Hello,\nPlease get me what I asked for:\nOutlook for iOS",
    "Hola,\nEnviado desde Madrid el lunes pasado",
    "Hola,\nEnviado desde mi correo de la oficina",
    "Bonjour,\nEnvoyé depuis Lyon mardi",
    "Hallo,\nGesendet von DHL am Montag, nicht angekommen",
    "Hallo,\ndas iPhone wurde gestern gesendet",
    "Hallo,\niPhone gesendet",
    "Merhaba,\niPhone gönderildi",
    "Dzień dobry,\nWysłano z magazynu w piątek",
    "Здравствуйте!\nОтправлено из Москвы 3 ноября",
    "Здравствуйте!\nОтправлено с почты на Ленина",
    "Buongiorno,\nInviato da Roma il 3 novembre",
    "Goedendag,\nVerzonden met PostNL op maandag",
    "مرحبا\nتم الإرسال من الرياض",
];

/// Looks like an attribution.
const ATTRIBUTIONS: [&str; 13] = [
    "Hello,\n\nOn 3 November your technician Bob wrote:\n\nReplace the fuse.\n\nWe did so and it still smokes. What now?",
    "Hello,\n\nOn 3 November 2026 your technician Bob wrote:\n\nReplace the fuse.",
    "Hallo,\n\nAm 3. November 2026 schrieb Ihr Techniker:\n\nSicherung tauschen.\n\nUnd jetzt?",
    "Hallo,\n\nmein Chef schrieb am 3. November:\n\nSicherung tauschen.",
    "Bonjour,\n\nLe 3 novembre votre technicien a écrit :\n\nChanger le fusible.\n\nEt maintenant ?",
    "Hola,\n\nEl 3 de noviembre su técnico escribió:\n\nCambie el fusible.",
    "Ciao,\n\nIl 3 novembre il tecnico ha scritto:\n\nCambi il fusibile.",
    "Hello,\nI called 5551234567 at 10:00.\nNothing happened after that.\nThen your colleague wrote:\nwait",
    "Hello,\nplease answer to bob@example.org instead.\nAlice wrote:\n\nnothing",
    "Здравствуйте!\n\nВы писали 3 ноября:\n\nзамените.\n\nНе помогло.",
    "Hello,\n\nThe manual says:\n> press reset",
    "Hello,\n\nThe error is:\n\n> E42 jam",
    "Hello,\n\nThe log of page 4 says:\n> jam\n\nWhat now?",
];

/// Looks like a header block.
const BLOCKS: [&str; 7] = [
    "I need a ticket:\nFrom: Berlin\nTo: Paris\nDate: 3 Nov\n\nHow much is it?",
    "Eine Fahrkarte bitte:\n\nVon: Berlin\nAn: Paris\nDatum: 3.11.\n\nWas kostet sie?",
    "Un billet :\n\nDe: Lyon\nÀ: Paris\nDate: 3 novembre 2026\n\nMerci",
    "The trip:\n\nDate: 3 Nov\nFrom: Berlin\nTo: Paris\n\nHow much is it?",
    "Das stand im Paket:\n\nAn: Lager\nVon: Alice\nBetreff: Lieferschein 7\n\nWas heißt das?",
    "Un viaje:\n\nFecha: 3 nov\nDe: Madrid\nPara: dos personas\n\nGracias",
    "Viaggio:\n\nDa: Roma\nA: Milano\nData: 3/11/2026\n\nGrazie",
];

/// Looks like a signature or a separator.
const SIGNATURES: [&str; 8] = [
    "Option A\n--\nOption B\n\nWhich one?",
    "Option A\n--\nOption B",
    "Option A\n\n--\n\nOption B, 100 euros, order 12345678",
    "This works\n--\nhttps://example.org/this\n--\nhttps://example.org/that does not",
    "First part\n--\nThe second part holds order 12345678.\nWhen does it come?",
    "The screen shows\n----\nE42\n----\nand stays dark",
    "We sent the original message\n--- twice ---\nand got no answer",
    "Log:\n-----\nOriginal Message of the day\n-----\nend",
];

#[test]
fn words_that_look_like_those_of_programs_stay() {
    for text in [&FOOTERS[..], &ATTRIBUTIONS, &BLOCKS, &SIGNATURES].concat() {
        for is_answer in [false, true] {
            assert_eq!(super::of(text, is_answer, || None), text, "answer: {is_answer}");
        }
    }
}

#[test]
fn a_mail_that_answers_nothing_may_quote_what_it_likes() {
    for text in [
        "The manual tells me\n> press reset",
        "This is what it prints\n\n> E42\n> jam",
        "It smokes.\n\nOn 3 November your technician wrote:\n> Replace the fuse.",
        "It smokes.\n\nYour technician wrote:\n> Replace the fuse.",
    ] {
        let html = || Some(text.lines().next().unwrap().to_owned());
        assert_eq!(super::of(text, false, html), text);
        assert_ne!(super::of(text, true, || None), text);
    }
}
