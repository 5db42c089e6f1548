CREATE TEMP VIEW item AS
WITH RECURSIVE
  old (k) AS (
    SELECT {old_step}
    UNION ALL
    SELECT k + {old_step}
    FROM old
    WHERE k + {old_step} < {recent}
  ),
  young (k) AS (
    SELECT {recent}
    UNION ALL
    SELECT k + {recent_step}
    FROM young
    WHERE k + {recent_step} <= {last}
  ),
  number (k) AS (
    SELECT k FROM old
    UNION ALL
    SELECT k FROM young
  ),
  hashed (k, at, hash) AS (
    SELECT k,
      strftime('%Y-%m-%dT%H:%M:%S.000000Z', {begin} + k * {seconds}, 'unixepoch'),
      unhex(printf('%08x%08x%08x%08x%08x%08x%08x%08x',
        k * 2654435761 % 4294967296, k * 2246822519 % 4294967296, k * 3266489917 % 4294967296,
        k * 668265263 % 4294967296, k * 374761393 % 4294967296, k * 2654435769 % 4294967296,
        k * 1540483477 % 4294967296, k * 1103515245 % 4294967296))
    FROM number
  )
SELECT k, at, hash, lower(hex(hash)) AS hex
FROM hashed;
