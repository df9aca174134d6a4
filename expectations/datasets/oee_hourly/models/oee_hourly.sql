-- OEE per machine and hour. Right for any set of whole hours: nothing looks over an hour's edge.
WITH readings AS (
    SELECT
        split_part(series, '/', 4) AS machine_id,
        split_part(series, '/', 5) AS tag,
        date_trunc('hour', ts) AS hour_start,
        ts,
        value,
        value_text
    FROM silver.plant_telemetry
    WHERE quality = 0 AND split_part(series, '/', 5) IN ('state', 'good_count', 'reject_count')
),

spans AS (
    -- A state lasts until the next reading, the last one until the hour is over; more than 60 s is silence, not a state.
    SELECT
        machine_id,
        hour_start,
        value_text AS state,
        least(
            date_diff(
                'second',
                ts,
                coalesce(
                    lead(ts) OVER (PARTITION BY machine_id, hour_start ORDER BY ts),
                    hour_start + INTERVAL '1' HOUR
                )
            ),
            60
        ) AS seconds
    FROM readings
    WHERE tag = 'state'
),

times AS (
    SELECT
        machine_id,
        hour_start,
        sum(CASE WHEN state IN ('run', 'setup', 'down') THEN seconds ELSE 0 END) AS planned_seconds,
        sum(CASE WHEN state = 'run' THEN seconds ELSE 0 END) AS run_seconds,
        sum(CASE WHEN state = 'down' THEN seconds ELSE 0 END) AS down_seconds
    FROM spans
    GROUP BY machine_id, hour_start
),

steps AS (
    SELECT
        machine_id,
        hour_start,
        tag,
        value,
        lag(value) OVER (PARTITION BY machine_id, tag, hour_start ORDER BY ts) AS before
    FROM readings
    WHERE tag IN ('good_count', 'reject_count') AND value IS NOT NULL
),

pieces AS (
    -- A counter that falls to less than half started again: from just below 2^16 it rolled over, else it was reset to 0.
    -- A smaller fall is a reading out of its time: it is netted with the rise that follows.
    SELECT
        machine_id,
        hour_start,
        tag,
        CASE
            WHEN before IS NULL THEN 0
            WHEN value >= before / 2 THEN value - before
            WHEN before >= 60000 AND before < 65536 THEN value + 65536 - before
            ELSE value
        END AS made
    FROM steps
),

counts AS (
    SELECT
        machine_id,
        hour_start,
        sum(CASE WHEN tag = 'good_count' THEN made ELSE 0 END) AS good_count,
        sum(made) AS total_count
    FROM pieces
    GROUP BY machine_id, hour_start
),

shares AS (
    SELECT
        times.hour_start,
        equipment.line,
        times.machine_id,
        times.planned_seconds,
        times.run_seconds,
        times.down_seconds,
        counts.good_count,
        counts.total_count,
        times.run_seconds / nullif(CAST(times.planned_seconds AS DOUBLE), 0) AS availability,
        equipment.ideal_cycle_s * counts.total_count / nullif(CAST(times.run_seconds AS DOUBLE), 0) AS performance,
        counts.good_count / nullif(CAST(counts.total_count AS DOUBLE), 0) AS quality
    FROM times
    LEFT JOIN counts ON counts.machine_id = times.machine_id AND counts.hour_start = times.hour_start
    LEFT JOIN silver.equipment AS equipment ON equipment.machine_id = times.machine_id
)

SELECT
    hour_start,
    line,
    machine_id,
    CAST(planned_seconds AS BIGINT) AS planned_seconds,
    CAST(run_seconds AS BIGINT) AS run_seconds,
    CAST(down_seconds AS BIGINT) AS down_seconds,
    CAST(good_count AS BIGINT) AS good_count,
    CAST(total_count AS BIGINT) AS total_count,
    CAST(availability AS DOUBLE) AS availability,
    CAST(performance AS DOUBLE) AS performance,
    CAST(quality AS DOUBLE) AS quality,
    CAST(availability * performance * quality AS DOUBLE) AS oee
FROM shares
