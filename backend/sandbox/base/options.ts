import { z } from 'zod'

/*
 * Options of the sandbox, in the form in which sources declare theirs: a default unless the option may be absent, then
 * `meta` with a description for the help and, for all but switches, `value` for what stands behind the flag. Schemas coerce,
 * so that they take the text of a flag as well.
 */

/** A whole number from `low` on. */
export const whole = (low: number) => {
  const rule = `must be a whole number from ${low} on`
  return z.coerce.number<number>(rule).int(rule).min(low, rule)
}

/** Options that concern every source. */
export const COMMON_OPTIONS = {
  seed: whole(0).default(1).meta({ value: 'number', description: 'which world' }),
  speed: z.coerce
    .number<number>('must be a number above 0')
    .positive('must be a number above 0')
    .default(1)
    .meta({ value: 'factor', description: 'divides the periods of all limits' }),
  open: z.boolean().default(false).meta({ description: 'no limits' }),
  now: z.coerce
    .date<Date | string>('must be a date, such as 2026-06-30')
    .default(new Date('2026-06-30T00:00:00Z'))
    .meta({ value: 'date', description: 'where history ends (2026-06-30)' }),
  oddities: z
    .boolean()
    .default(true)
    .meta({ description: 'nothing that no client can complete: hand-made killmails, people without a name, repos that are gone' }),
}
