import type { TaskChoice } from '../../contract'
import { FAULT_GROUP } from './faults'

const CONDITIONS: Record<keyof TaskChoice, (value: string) => string> = {
  task: (value) => `id = ${value}::bigint`,
  group: (value) => `error_kind is not null and ${FAULT_GROUP} = ${value}`,
  stream: (value) => `stream = ${value}`,
  lane: (value) => `lane = ${value}`,
  row: (value) => `cell_row = ${value}`,
  column: (value) => `cell_column = ${value}`,
}

/** The names of the choices. */
export const CHOICES = Object.keys(CONDITIONS) as (keyof TaskChoice)[]

/**
 * The condition that a task is one of the chosen ones, beginning with `and`; empty when all are.
 * @param values of the statement; those of the condition are added
 */
export const andChosen = (choice: TaskChoice, values: unknown[]): string =>
  CHOICES.flatMap((name) => {
    const wanted = choice[name]
    return wanted === undefined ? [] : [` and ${CONDITIONS[name](`$${values.push(wanted)}`)}`]
  }).join('')
