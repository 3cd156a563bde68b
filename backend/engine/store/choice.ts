import type { TaskChoice } from '../../contract'

const COLUMN: Record<keyof TaskChoice, string> = { stream: 'stream', lane: 'lane', row: 'cell_row', column: 'cell_column' }

/**
 * The condition that a task is one of the chosen ones, beginning with `and`; empty when all are.
 * @param values of the statement; those of the condition are added
 */
export const andChosen = (choice: TaskChoice, values: unknown[]): string =>
  Object.entries(COLUMN)
    .flatMap(([name, column]) => {
      const wanted = choice[name as keyof TaskChoice]
      return wanted === undefined ? [] : [` and ${column} = $${values.push(wanted)}`]
    })
    .join('')
