import { Refused } from '../../backend/base/errors'
import type { Source, TaskChoice } from '../../backend/contract'

/*
 * Rows and columns of a grid, and lanes, by the words of their source: `--entity orders` for the column `orders` of commerce, `--host` for
 * a lane of atproto.
 */

type Worded = Pick<Source, 'name' | 'grid' | 'lanes'>

/** A row, column or lane by its source's word; other fields are the choice itself. */
export type WordedChoice = TaskChoice & Readonly<Record<string, string | undefined>>

const CHOICE = ['task', 'group', 'stream', 'lane', 'row', 'column'] as const
const LINES = ['row', 'column', 'lane'] as const
type Line = (typeof LINES)[number]

/** The lines that a source has words for, the first of the same word. */
function linesOf({ grid, lanes }: Worded): ReadonlyMap<string, Line> {
  const words = { ...grid, lane: lanes?.one }
  const found = new Map<string, Line>()
  for (const line of LINES) {
    const word = words[line]
    if (word !== undefined && !found.has(word)) found.set(word, line)
  }
  return found
}

/** The options of these words. */
export function wordOptions(sources: readonly Worded[]): { flag: string; about: string }[] {
  const named = new Map<string, string[]>()
  for (const source of sources) for (const word of linesOf(source).keys()) named.set(word, [...(named.get(word) ?? []), source.name])
  return [...named].map(([word, names]) => ({
    flag: `--${word} <label>`,
    about: `only failed tasks of this ${word}, in jobs of ${names.join(' and ')}`,
  }))
}

/**
 * The choice among the tasks of a job of this source.
 * @throws {Refused} `input` for a word of another source, and for a row, column or lane that is named twice
 */
export function choiceOf(source: Worded, worded: WordedChoice): TaskChoice {
  const choice: TaskChoice = Object.fromEntries(CHOICE.map((field) => [field, worded[field]]))
  for (const [word, label] of Object.entries(worded)) {
    if (label === undefined || CHOICE.some((field) => field === word)) continue
    const line = linesOf(source).get(word)
    if (!line) throw new Refused('input', `Jobs of ${source.name} have no ${word}; leave --${word} out.`, word)
    if (choice[line] !== undefined) throw new Refused('input', `--${word} and --${line} name the same; leave one of them out.`, word)
    choice[line] = label
  }
  return choice
}
