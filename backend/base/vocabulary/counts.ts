/*
 * What is counted of records, once: columns, reports, API, pages, metrics and command line derive from this list.
 */

interface Count {
  /** Heads a row or a figure. */
  title: string
  about: string
}

/** What becomes of a record that was asked for: exactly one of these. */
const OUTCOME = {
  new: { title: 'New', about: 'Records stored for the first time' },
  updated: { title: 'Updated', about: 'Records held already that the read changed' },
  unchanged: { title: 'Unchanged', about: 'Records read once more and held as they are' },
  known: { title: 'Known', about: 'Records held already and left alone' },
  rejected: { title: 'Rejected', about: 'Records that were not stored; each is kept with its reason' },
} satisfies Record<string, Count>
export type Outcome = keyof typeof OUTCOME
export const OUTCOMES = Object.keys(OUTCOME) as Outcome[]

const COUNT = {
  seen: { title: 'Read', about: `Records read that were asked for: ${OUTCOMES.join(', ')}, together` },
  ...OUTCOME,
  deleted: { title: 'Deleted', about: 'Records that went; none of those read' },
} satisfies Record<string, Count>
export type CountName = keyof typeof COUNT
export const COUNT_NAMES = Object.keys(COUNT) as CountName[]
/** The words for each of them. */
export const COUNTS: Record<CountName, Count> = COUNT

export type Counted<T = number> = Record<CountName, T>

/** One value for each count. */
export const ofCounts = <T>(make: (name: CountName) => T): Counted<T> =>
  Object.fromEntries(COUNT_NAMES.map((name) => [name, make(name)])) as Counted<T>

/** One value for each outcome. */
export const ofOutcomes = <T>(make: (name: Outcome) => T): Record<Outcome, T> =>
  Object.fromEntries(OUTCOMES.map((name) => [name, make(name)])) as Record<Outcome, T>
