import type { ActiveFault } from '../base/faults'

/** The fault of this name if it happens to the request at hand. */
export type Take = (name: string) => ActiveFault | undefined

export type Entry = Record<string, unknown>

/** The entries of a page, of which the one that a fault names by its number is changed. */
export const withEntry = (entries: Entry[], fault: ActiveFault | undefined, change: (before: Entry) => Entry): Entry[] =>
  fault ? entries.map((before, n) => (n === Number(fault.entry ?? 0) ? change(before) : before)) : entries
