import { dropDead, type DeadLetter as Letter, listDead, replayDead, showDead } from '../../../queues/dead'
import { QUEUES } from '../../../queues/names'
import { Refused } from '../../base/errors'
import type { Service } from '../base/context'
import { limitOf } from '../base/cursor'
import { type Actor, act } from '../suite/actions'
import { queueDepths } from './queues'

/** A dead letter as entry points show it. */
export interface DeadLetter {
  id: string
  /** The queue it was meant for. */
  queue: string
  at: string | null
  reason: string
  bytes: number
  /** As UTF-8; in a list its first 4 kB. */
  body: string
  messageId: string | null
}

export interface DeadChoice {
  ids?: string[]
  queue?: string
  all?: boolean
}

type Known = Pick<Service, 'config' | 'depths' | 'db'>

const shown = ({ at, body, messageId, ...letter }: Letter): DeadLetter => ({
  ...letter,
  at: at?.toISOString() ?? null,
  body: body.toString('utf8'),
  messageId: messageId ?? null,
})

/** Reading dead letters takes them off the queue meanwhile, so the reads of one process wait for each other. */
let reading: Promise<unknown> = Promise.resolve()
function alone<T>(read: () => Promise<T>): Promise<T> {
  const next = reading.then(read, read)
  reading = next.catch((_: unknown) => undefined)
  return next
}

/** Dead letters, oldest first, and their number by queue. @throws {Refused} `input`, `setup` */
export async function listDeadLetters(
  service: Known,
  { queue, limit }: { queue?: string; limit?: number } = {},
): Promise<{ items: DeadLetter[]; queues: { queue: string; count: number }[] }> {
  const letters = await alone(() => listDead(service.config.rabbitmqUrl, queue, limitOf({ limit })))
  const depths = await queueDepths(service)
  const counts = QUEUES.map((name) => ({
    queue: name,
    count: Math.max(depths?.get(name)?.dead ?? 0, letters.filter((letter) => letter.queue === name).length),
  }))
  return { items: letters.map(shown), queues: counts }
}

/** One dead letter with its whole body. @throws {Refused} `missing`, `setup` */
export const getDeadLetter = async (service: Known, id: string): Promise<DeadLetter> =>
  shown(await alone(() => showDead(service.config.rabbitmqUrl, id)))

/**
 * Publishes messages again to the queues they were meant for, or deletes them.
 * @returns how many
 * @throws {Refused} `input` unless either ids or all are given, `missing` when none of the ids exists, `setup`
 */
export async function takeDeadLetters(
  service: Pick<Service, 'config' | 'db' | 'log'>,
  actor: Actor,
  verb: 'replay' | 'drop',
  choice: DeadChoice,
): Promise<number> {
  const named = choice.ids !== undefined && choice.ids.length > 0
  if (named === (choice.all === true)) {
    throw new Refused('input', 'Give either ids or all: true (with queue: all of that queue).', 'ids')
  }
  const take = verb === 'replay' ? replayDead : dropDead
  const target = choice.ids?.slice(0, 10).join(', ') ?? choice.queue ?? 'all'
  const work = () => alone(() => take(service.config.rabbitmqUrl, choice))
  return await act(service, actor, `dead-letter.${verb}`, target, { ...choice }, work)
}
