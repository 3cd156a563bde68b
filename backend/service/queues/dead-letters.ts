import { dropDead, eachDead, type DeadLetter as Letter, listDead, replaceDead, replayDead, showDead } from '../../../queues/dead'
import { QUEUES } from '../../../queues/names'
import { Refused } from '../../base/errors'
import { handedOver } from '../../base/hand-over'
import { checkMessage } from '../../engine/jobs/check-message'
import type { Service } from '../base/context'
import { limitOf } from '../base/cursor'
import { type Actor, act } from '../suite/actions'
import { alone, forgetGroups } from './dead-groups'
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
  /** With `all`: those of one group. */
  group?: string
  all?: boolean
}

type Known = Pick<Service, 'config' | 'depths' | 'db'>

const shown = ({ at, body, messageId, ...letter }: Letter): DeadLetter => ({
  ...letter,
  at: at?.toISOString() ?? null,
  body: body.toString('utf8'),
  messageId: messageId ?? null,
})

/** Dead letters, oldest first, and their number by queue. @throws {Refused} `input`, `setup` */
export async function listDeadLetters(
  service: Known,
  { queue, limit, group }: { queue?: string; limit?: number; group?: string } = {},
): Promise<{ items: DeadLetter[]; queues: { queue: string; count: number }[] }> {
  const letters = await alone(() => listDead(service.config.rabbitmqUrl, queue, limitOf({ limit }), group))
  const depths = await queueDepths(service)
  const counts = QUEUES.map((name) => ({
    queue: name,
    count: Math.max(depths?.get(name)?.dead ?? 0, letters.filter((letter) => letter.queue === name).length),
  }))
  return { items: letters.map(shown), queues: counts }
}

/** All dead letters, some hundreds at a time; they are off their queue until the last was taken. @throws {Refused} `input`, `setup` */
export const allDeadLetters = (service: Known, choice: Pick<DeadChoice, 'queue' | 'group'>): AsyncGenerator<DeadLetter[]> =>
  handedOver((give) => alone(() => eachDead(service.config.rabbitmqUrl, choice, (letters) => give(letters.map(shown)))))

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
  if (named && choice.group !== undefined) throw new Refused('input', 'A group goes with all: true, not with ids.', 'group')
  const take = verb === 'replay' ? replayDead : dropDead
  const target = choice.ids?.slice(0, 10).join(', ') ?? [choice.queue, choice.group].filter(Boolean).join(': ') ?? ''
  const work = () => alone(() => take(service.config.rabbitmqUrl, choice)).finally(() => forgetGroups(service))
  return await act(service, actor, `dead-letter.${verb}`, target === '' ? 'all' : target, { ...choice }, work)
}

/**
 * Publishes a corrected message to the queue a dead letter was meant for; the letter is removed once the broker has confirmed it. Its
 * message id is kept, unless the new text has its own.
 * @throws {Refused} `input` for `body` with the reason for which it would become a dead letter again; `missing`, `setup`
 */
export async function sendCorrected(service: Service, actor: Actor, id: string, text: string): Promise<DeadLetter> {
  const body = Buffer.from(text)
  const work = async (): Promise<DeadLetter> => {
    const letter = await alone(() => showDead(service.config.rabbitmqUrl, id))
    await checkMessage(service, letter.queue, body, letter.messageId)
    await alone(() => replaceDead(service.config.rabbitmqUrl, id, body)).finally(() => forgetGroups(service))
    return { ...shown(letter), body: text, bytes: body.length }
  }
  return await act(service, actor, 'dead-letter.correct', id, { body: text }, work)
}
