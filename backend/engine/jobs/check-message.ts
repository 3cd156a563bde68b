import { MAX_BODY, readMessage } from '../../../queues/messages'
import type { QueueName } from '../../../queues/names'
import { Refused } from '../../base/errors'
import type { Json } from '../../base/json'
import type { Reader } from '../../base/sql'
import { requireIds } from '../lookups/ids'
import { lookupOn } from '../lookups/kinds'
import { parseRequest, prepareParams, type Starting } from './start'

/** What a message would become: the same checks that a worker makes, without storing anything. */
interface Checking extends Pick<Starting, 'sources' | 'settings'> {
  db: Reader
}

/**
 * Checks that a worker would take a message.
 * @param messageId of AMQP; one in the body takes precedence
 * @throws {Refused} `input` for `body`, with the reason for which it would become a dead letter
 */
export async function checkMessage(context: Checking, queue: QueueName, body: Buffer, messageId: string | undefined): Promise<void> {
  try {
    await check(context, queue, body, messageId)
  } catch (error) {
    if (!(error instanceof Refused)) throw error
    throw new Refused('input', error.message, 'body')
  }
}

const refuse = (why: string): Refused => new Refused('input', why)

async function check(context: Checking, queue: QueueName, body: Buffer, messageId: string | undefined): Promise<void> {
  const feed = context.sources.flatMap(({ feeds = {} }) => Object.values(feeds)).find((one) => one.queue === queue)
  if (feed) {
    if (body.length > feed.maxBytes) throw refuse(`The message has ${body.length} bytes; the limit is ${feed.maxBytes}.`)
    feed.read(jsonOf(body))
    return
  }
  const message = readMessage({ body, messageId })
  if (message.type === 'unreadable') throw refuse(message.reason)
  if (message.type === 'wake-up') throw refuse('The message only wakes a task; workers are woken without it.')
  if (message.type === 'lookups') {
    const lookup = lookupOn(context.sources, queue)
    if (!lookup) throw refuse(`${queue} does not accept {"ids": [...]}; send it to a lookup queue`)
    requireIds(lookup.definition.id, message.ids)
    return
  }
  const source = context.sources.find((one) => one.requests[queue])
  if (!source) throw refuse(`no source accepts requests on ${queue}`)
  const params = await prepareParams(context.db, context, source, parseRequest(source, queue, message.body))
  if (source.plan(params).tasks.length === 0) throw refuse('There is nothing to backfill.')
  if (message.messageId !== undefined) await checkInbox(context.db, queue, message.messageId, message.bodyHash)
}

/** One message id, one request. */
async function checkInbox(db: Reader, queue: QueueName, messageId: string, bodyHash: string): Promise<void> {
  const [known] = await db.query<{ hash: string }>(`select body_hash as hash from backhaul.inbox where queue = $1 and message_id = $2`, [
    queue,
    messageId,
  ])
  if (known && known.hash !== bodyHash)
    throw refuse(`The message id ${messageId.slice(0, 60)} belongs to another request; give this one its own: "messageId" in the message.`)
}

function jsonOf(body: Buffer): Json {
  if (body.length > MAX_BODY) throw refuse(`The message has ${body.length} bytes; the limit is ${MAX_BODY}.`)
  try {
    return JSON.parse(body.toString('utf8')) as Json
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error
    throw refuse(`The message is not JSON: ${error.message.slice(0, 200)}.`)
  }
}
