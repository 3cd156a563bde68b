import type { Source } from '../../contract'

/** The lookup kinds of all sources. */
export const lookupKinds = (sources: Iterable<Source>) => [...sources].flatMap((source) => Object.entries(source.lookups ?? {}))
