import { COUNT_NAMES, COUNTS } from '../../../base/vocabulary'

/** What is counted of records, a field each, with its description. */
export const counts = COUNT_NAMES.map((name) => `"${COUNTS[name].about}." ${name}: BigInt!`).join('\n    ')

export const ints = (names: readonly string[]): string => names.map((name) => `${name}: Int!`).join(' ')
