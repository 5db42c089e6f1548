CREATE TEMP VIEW item AS
SELECT k, at, hash, encode(hash, 'hex') AS hex
FROM (
  SELECT k,
    to_timestamp({begin} + k * {seconds}) AS at,
    sha256(CAST(CAST(k AS TEXT) AS BYTEA)) AS hash
  FROM (
    SELECT generate_series(CAST({old_step} AS BIGINT), {recent} - 1, {old_step}) AS k
    UNION ALL
    SELECT generate_series(CAST({recent} AS BIGINT), {last}, {recent_step}) AS k
  ) AS numbers
) AS hashed;
