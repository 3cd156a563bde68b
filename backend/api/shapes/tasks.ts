import { z } from 'zod'
import { TASK_STATES } from '../../base/vocabulary'
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
  })
  .meta({ id: 'Task' })

export const taskList = listOf(taskRow)

export const taskQuery = z.strictObject({ state: z.enum(TASK_STATES).optional(), ...paging })

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

export const partitions = z
  .object({
    rows: z.array(z.string()),
    columns: z.array(z.string()),
    cells: z.array(z.object({ row: z.string(), column: z.string(), state: z.string(), taskId: bigId })),
  })
  .meta({ id: 'Partitions' })
