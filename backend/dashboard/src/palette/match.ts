/** Something the palette offers. */
export interface Entry {
  /** Unique. */
  id: string
  group: string
  text: string
  /** A second, quieter text; found as well. */
  more?: string
  run(): void
}

/** How well an entry fits; 0: not at all. Every word of the query must be in it, and one that begins a word counts more. */
export function scoreOf(query: string, { text, more = '' }: Pick<Entry, 'text' | 'more'>): number {
  const words = query.toLowerCase().split(/\s+/).filter(Boolean)
  const [main, rest] = [text.toLowerCase(), more.toLowerCase()]
  let score = 1
  for (const word of words) {
    const found = main.startsWith(word)
      ? 8
      : begins(main, word)
        ? 5
        : main.includes(word)
          ? 3
          : begins(rest, word)
            ? 2
            : rest.includes(word)
              ? 1
              : 0
    if (found === 0) return 0
    score += found
  }
  return score
}

const begins = (text: string, word: string): boolean => text.split(/[^\p{L}\p{N}]+/u).some((part) => part.startsWith(word))

/** Entries of one group shown. */
const MAX_OF_GROUP = 8

/** The entries that fit, in their groups, the best first; groups stay in the order in which they come. */
export function matching(query: string, entries: readonly Entry[]): [group: string, entries: Entry[]][] {
  const groups = new Map<string, { entry: Entry; score: number }[]>()
  for (const entry of entries) {
    const score = scoreOf(query, entry)
    if (score === 0) continue
    groups.set(entry.group, [...(groups.get(entry.group) ?? []), { entry, score }])
  }
  return [...groups].map(([group, found]) => [
    group,
    found
      .sort((a, b) => b.score - a.score)
      .slice(0, MAX_OF_GROUP)
      .map(({ entry }) => entry),
  ])
}

/** The word of a text that fewest jobs have: one with a digit, else the longest. The server searches for one text. */
export const tellingWord = (text: string): string =>
  text.split(/\s+/).sort((a, b) => Number(/\d/.test(b)) - Number(/\d/.test(a)) || b.length - a.length)[0] ?? ''
