/** Tries before an id is left alone for a day. */
const MAX_ATTEMPTS = 10

/**
 * One try more is used; the wait, at least `$3` ms, doubles with each, up to 10 min, and is a day from the last on. `$4` is its jitter,
 * one for all, so that a bulk stays together.
 */
export const SET_BACK = `attempts = least(l.attempts + 1, ${MAX_ATTEMPTS}), due_at = clock_timestamp() + case when l.attempts + 1 >= ${MAX_ATTEMPTS}
  then interval '1 day' else greatest($3::float8, $4::float8 * least(600000, 4000 * 2 ^ l.attempts)) * interval '1 millisecond' end`
export const jitter = (): number => 0.5 + Math.random()
