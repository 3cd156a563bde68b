import { z } from 'zod'
import { DEFAULT_CELLS, MAX_CELLS, TASK_STATES, WORST_FIRST } from '../../base/vocabulary'
import { bigId, count, counts, figure, listOf, moment, paging } from './common'

export const taskRow = z
  .object({
    id: bigId,
    stream: z.string(),
    key: z.string(),
    lane: z.string().nullable(),
    stage: z.number(),
    state: z.string(),
    step: count,
    pages: count,
    ...counts,
    expected: figure.nullable(),
    attempts: count,
    errorKind: z.string().nullable(),
    error: z.string().nullable(),
    reason: z.string().nullable().meta({ description: 'Why it was skipped' }),
    reasonKind: z.string().nullable(),
    waitingOn: z.string().nullable(),
    dueAt: moment,
    holder: z.string().nullable(),
    settledAt: moment.nullable(),
    notes: z.array(z.string()),
    ranBy: z.string().nullable().meta({ description: 'The worker that claimed it last' }),
    ranVersion: z.string().nullable().meta({ description: 'What was deployed where that worker ran' }),
    errorApi: z.string().nullable().meta({ description: 'The API asked last before its error' }),
    tried: z
      .array(z.object({ at: z.string(), worker: z.string().nullable(), kind: z.string(), error: z.string(), api: z.string().nullable() }))
      .meta({ description: 'Its last 12 failed tries, oldest first; errors are cut to 200 characters' }),
  })
  .meta({ id: 'Task' })

export const taskList = listOf(taskRow)

const taskChoice = {
  task: bigId.optional().meta({ description: 'The id of one task' }),
  group: z.string().max(64).optional().meta({ description: 'The id of a group of failures' }),
  stream: z.string().max(200).optional(),
  lane: z.string().max(2000).optional(),
  row: z.string().max(200).optional().meta({ description: 'Their row in the grid of the job' }),
  column: z.string().max(200).optional().meta({ description: 'Their column in the grid of the job' }),
}

export const taskQuery = z.strictObject({
  state: z.enum(TASK_STATES).optional(),
  ...taskChoice,
  task: z
    .string()
    .regex(/^\d{1,19}$/)
    .optional()
    .meta({ description: 'The id of one task' }),
  ...paging,
})

export const retryBody = z
  .strictObject({
    ...taskChoice,
    missing: z.boolean().optional().meta({
      description:
        'Also what is missing: tasks that found nothing or whose end is no proof, and unless tasks are chosen, partitions without a task or without their rows',
    }),
  })
  .nullish()
  .meta({ description: 'Which tasks to retry: those that failed and match every given field; all that failed by default' })

const failureGroup = z
  .object({
    id: z.string().meta({ description: 'Chooses its tasks in a retry and in the list of tasks' }),
    kind: z.string(),
    api: z.string().nullable().meta({ description: 'The API asked last' }),
    failed: count,
    retrying: count.meta({ description: 'Tasks that are tried again by themselves' }),
    firstAt: moment.nullable(),
    lastAt: moment.nullable(),
    again: z.enum(['helps', 'may help', 'does not help']).meta({ description: 'Whether trying again helps' }),
    advice: z.string().meta({ description: 'Why, and what to do first' }),
    example: z.object({ task: bigId.nullable(), stream: z.string(), key: z.string(), lane: z.string().nullable(), error: z.string() }),
  })
  .meta({ id: 'FailureGroup' })

export const failures = z
  .object({
    items: z.array(failureGroup).meta({ description: 'The 50 with the most failed tasks' }),
    total: count.meta({ description: 'Causes in all' }),
    missing: count.meta({
      description: 'Tasks that `missing: true` would add to a retry: those that found nothing, or whose end proves nothing',
    }),
    findsMissing: z.boolean().meta({ description: 'It would also read partitions that had no task, or whose rows are gone' }),
  })
  .meta({ id: 'Failures' })

export const rejectList = listOf(
  z
    .object({
      id: bigId,
      stream: z.string(),
      key: z.string(),
      reason: z.string(),
      detail: z.string().nullable(),
      raw: z.string().meta({ description: 'The record as received, its first 4,096 characters' }),
      at: moment,
    })
    .meta({ id: 'Reject' }),
)

const cellState = {
  state: z.enum(TASK_STATES).meta({ description: `The first of ${WORST_FIRST.join(', ')} that one of its tasks is` }),
  kind: z.string().nullable().meta({ description: 'The kind of the skip or of the last error' }),
}

const cell = z
  .object({
    row: z.string(),
    column: z.string(),
    ...cellState,
    reason: z.string().nullable().meta({ description: 'Why it was skipped, or the last error; its first 300 characters' }),
    attempts: count,
    changedAt: moment,
    tasks: count.meta({ description: 'How many tasks the cell has' }),
    taskId: bigId.meta({ description: 'The task that decides the state of the cell' }),
  })
  .meta({ id: 'PartitionCell' })

const cellCount = z.object({ ...cellState, cells: count }).meta({ id: 'CellCount' })

const beside = z.object({ columns: z.string().nullable(), rows: z.string().nullable() })

export const partitions = z
  .object({
    rows: z.array(z.string()).meta({ description: 'Labels inside the window; digits in them are ordered as numbers' }),
    columns: z.array(z.string()),
    cells: z.array(cell),
    totals: z
      .object({ rows: count, columns: count, cells: count, omitted: count })
      .meta({ description: 'Of the whole grid; omitted: cells outside the window' }),
    counts: z.array(cellCount).meta({ description: 'Cells of the whole grid by state and kind, the worst first' }),
    rowCounts: z
      .array(z.object({ row: z.string(), counts: z.array(cellCount) }))
      .meta({ description: 'The same for each row in the window, with all its columns' }),
    previous: beside.meta({ description: 'First labels of the window before this one; null if there is none' }),
    next: beside.meta({ description: 'First labels of the window after this one; null if there is none' }),
  })
  .meta({ id: 'Partitions' })

const label = (description: string) => z.string().max(200).optional().meta({ description })

export const partitionQuery = z.strictObject({
  columnsFrom: label('The first column'),
  columnsTo: label('The last column'),
  rowsFrom: label('The first row'),
  rowsTo: label('The last row'),
  limit: z.coerce
    .number()
    .int()
    .min(1)
    .max(MAX_CELLS)
    .optional()
    .meta({ description: `The most cells (rows times columns), ${DEFAULT_CELLS} by default; further ones are left out and counted` }),
})
