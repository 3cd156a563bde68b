import { Refused } from '../../backend/base/errors'
import type { Source, TaskChoice } from '../../backend/contract'

/*
 * Rows and columns of a grid by the words of its source: `--entity orders` for the column `orders` of commerce.
 */

type Gridded = Pick<Source, 'name' | 'grid'>

/** A row or column by its source's word; other fields are the choice itself. */
export type WordedChoice = TaskChoice & Readonly<Record<string, string | undefined>>

const CHOICE = ['task', 'group', 'stream', 'lane', 'row', 'column'] as const
type Line = 'row' | 'column'
const LINES: readonly Line[] = ['row', 'column']

/** The options of these words. */
export function gridOptions(sources: readonly Gridded[]): { flag: string; about: string }[] {
  const named = new Map<string, string[]>()
  for (const { name, grid } of sources)
    for (const word of grid ? [grid.row, grid.column] : []) named.set(word, [...(named.get(word) ?? []), name])
  return [...named].map(([word, names]) => ({
    flag: `--${word} <label>`,
    about: `only failed tasks of this ${word}, in jobs of ${names.join(' and ')}`,
  }))
}

/**
 * The choice among the tasks of a job of this source.
 * @throws {Refused} `input` for a word of another source, and for a row or column that is named twice
 */
export function choiceOf({ name, grid }: Gridded, worded: WordedChoice): TaskChoice {
  const choice: TaskChoice = Object.fromEntries(CHOICE.map((field) => [field, worded[field]]))
  for (const [word, label] of Object.entries(worded)) {
    if (label === undefined || CHOICE.some((field) => field === word)) continue
    const line = LINES.find((one) => grid?.[one] === word)
    if (!line) throw new Refused('input', `Jobs of ${name} have no ${word}; leave --${word} out.`, word)
    if (choice[line] !== undefined) throw new Refused('input', `--${word} and --${line} name the same; leave one of them out.`, word)
    choice[line] = label
  }
  return choice
}
