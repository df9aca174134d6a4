-- Health per machine and day of the plant. Right for any set of whole days: nothing looks over a day's edge.
-- A day starts at local midnight: the instant less the local time of day (the plant's zone has no daylight saving).
WITH readings AS (
    SELECT
        split_part(series, '/', 4) AS machine_id,
        split_part(series, '/', 5) AS tag,
        ts - (ts AT TIME ZONE 'Asia/Shanghai' - date_trunc('day', ts AT TIME ZONE 'Asia/Shanghai')) AS day_start,
        value,
        value_text,
        quality
    FROM silver.plant_telemetry
),

measured AS (
    SELECT
        machine_id,
        day_start,
        count(*) AS readings,
        avg(CASE WHEN quality = 2 THEN 1.0 ELSE 0.0 END) AS bad_share,
        avg(
            CASE
                WHEN tag = 'state' AND value_text = 'run' THEN 1.0
                WHEN tag = 'state' AND value_text IN ('setup', 'down') THEN 0.0
            END
        ) AS uptime_share,
        avg(CASE WHEN tag = 'temp_degc' AND quality = 0 THEN value END) AS temp_mean,
        percentile_cont(0.95) WITHIN GROUP (ORDER BY CASE WHEN tag = 'temp_degc' AND quality = 0 THEN value END) AS temp_p95,
        avg(CASE WHEN tag = 'vib_mms' AND quality = 0 THEN value END) AS vib_mean,
        percentile_cont(0.95) WITHIN GROUP (ORDER BY CASE WHEN tag = 'vib_mms' AND quality = 0 THEN value END) AS vib_p95
    FROM readings
    GROUP BY machine_id, day_start
),

opened AS (
    SELECT
        machine_id,
        cost,
        opened_at - (
            opened_at AT TIME ZONE 'Asia/Shanghai' - date_trunc('day', opened_at AT TIME ZONE 'Asia/Shanghai')
        ) AS day_start
    FROM silver.maintenance_orders
),

repairs AS (
    SELECT
        machine_id,
        day_start,
        count(*) AS orders_opened,
        sum(cost) AS orders_cost
    FROM opened
    GROUP BY machine_id, day_start
)

SELECT
    measured.day_start,
    equipment.line,
    measured.machine_id,
    CAST(measured.readings AS BIGINT) AS readings,
    CAST(measured.uptime_share AS DOUBLE) AS uptime_share,
    CAST(measured.bad_share AS DOUBLE) AS bad_share,
    -- Rounded, because the last digits of a mean depend on the order in which an engine adds.
    CAST(round(measured.temp_mean, 4) AS DOUBLE) AS temp_mean,
    CAST(measured.temp_p95 AS DOUBLE) AS temp_p95,
    CAST(round(measured.vib_mean, 4) AS DOUBLE) AS vib_mean,
    CAST(measured.vib_p95 AS DOUBLE) AS vib_p95,
    CAST(coalesce(repairs.orders_opened, 0) AS BIGINT) AS orders_opened,
    CAST(coalesce(repairs.orders_cost, 0) AS DECIMAL(18, 2)) AS orders_cost,
    -- The formula is explained in the contract's limitations.
    CAST(
        40 * measured.uptime_share
        + CASE WHEN measured.vib_p95 >= 10 THEN 0 ELSE 30 * (1 - measured.vib_p95 / 10) END
        + CASE WHEN measured.bad_share >= 0.1 THEN 0 ELSE 20 * (1 - 10 * measured.bad_share) END
        + 10.0 / (1 + coalesce(repairs.orders_opened, 0)) AS DOUBLE
    ) AS health_index
FROM measured
LEFT JOIN repairs ON repairs.machine_id = measured.machine_id AND repairs.day_start = measured.day_start
LEFT JOIN silver.equipment AS equipment ON equipment.machine_id = measured.machine_id
