import { z } from 'zod'
import { ALERT_TARGETS, MAX_BULK } from '../../base/vocabulary'
import { count, listOf, moment, paging } from './common'

const alert = z
  .object({
    kind: z.string(),
    subject: z.string().meta({ description: 'Queue, job or API; what a source names' }),
    message: z.string().meta({ description: 'A sentence for people' }),
    hint: z.string().nullable().meta({ description: 'What to run at the command line' }),
    target: z
      .object({ kind: z.enum(ALERT_TARGETS), id: z.string() })
      .nullable()
      .meta({ description: 'What it is about: the id of a job, schedule or webhook, the name of an API or queue' }),
    since: moment,
    acknowledged: z
      .object({ at: moment, by: z.string(), from: z.string() })
      .nullable()
      .meta({ description: 'Who acknowledged it; it ends with the alert' }),
  })
  .meta({ id: 'Alert' })

export const alertGroups = z.object({
  groups: z.array(
    z
      .object({
        kind: z.string(),
        sentence: z.string().meta({ example: '5 queues have dead letters' }),
        alerts: count,
        acknowledged: count,
        since: moment,
        latest: moment.meta({ description: 'A moment by which the latest of them was raised, for `until`' }),
        first: alert.meta({ description: 'The first that is not acknowledged, else the first' }),
      })
      .meta({ id: 'AlertGroup' }),
  ),
})

export const alertList = listOf(alert)

export const alertQuery = z.strictObject({ kind: z.string().max(200).optional(), ...paging })

export const alertChoice = z.strictObject({
  kind: z.string().max(200),
  subjects: z.array(z.string().max(2000)).min(1).max(MAX_BULK).optional().meta({ description: 'These of the kind; absent: all of it' }),
  until: z.iso.datetime().optional().meta({ description: 'Only those raised up to then' }),
  undo: z.boolean().optional().meta({ description: 'Takes the acknowledgement back' }),
})

export const acknowledged = z.object({ changed: count })
