import type { Noun, Source } from '../../contract'

/** The words of a source for the parts of its jobs. */
export interface Words {
  lane: Noun
  /** What a row and a column of its grid stand for; null where it has none. */
  grid: { row: string; column: string } | null
}

export const wordsOf = (source: Pick<Source, 'lanes' | 'grid'> | undefined): Words => ({
  lane: source?.lanes ?? { one: 'lane', many: 'lanes' },
  grid: source?.grid ?? null,
})
