import { z } from 'zod'
import { type Id, jsonIn } from '../../base/json'
import type { RawAnswer } from '../../contract'
import type { EntityKind } from './records'

/*
 * What ESI itself says of ids it does not have: JSON with a sentence that names the thing. A gateway, or a route that is down,
 * answers with the same statuses and other words, which say nothing about an id.
 */

export type Denial = 'deleted' | 'unknown'

const failure = z.object({ error: z.string() })

const errorOf = ({ text }: Pick<RawAnswer, 'text'>): string | undefined => failure.safeParse(jsonIn(text)).data?.error.trim()

const GONE = /^(?:the )?(\w+)(?: with)?(?: id)?(?: (\d+))? (?:was |is )?(not found|has been deleted|has been closed|does not exist)[.!]*$/i
const INVALID = /^(?:invalid|unknown|no such) (\w+?)(?:[ _]?id)?(?::? (\d+))?[.!]*$/i

/** What ESI says of one id it does not have; undefined when the answer does not speak of it. */
export function denialOf(kind: EntityKind | 'killmail', id: Id, answer: Pick<RawAnswer, 'text'>): Denial | undefined {
  const sentence = errorOf(answer) ?? ''
  const [, noun = '', named = id, how = ''] = GONE.exec(sentence) ?? INVALID.exec(sentence) ?? []
  if (noun.toLowerCase() !== kind || named !== id) return undefined
  return /deleted|closed/i.test(how) ? 'deleted' : 'unknown'
}

/** Whether ESI refuses a killmail, or the pair of its id and hash. */
export const refusesKillmail = (id: Id, answer: Pick<RawAnswer, 'text'>): boolean =>
  denialOf('killmail', id, answer) !== undefined || /^invalid killmail[ _](id|hash)\b/i.test(errorOf(answer) ?? '')

/** Whether ESI refuses a list for an id in it; it does not say which. */
export const refusesIds = (answer: Pick<RawAnswer, 'text'>): boolean =>
  /\b(in)?valid\b.*\bids?\b|\bids?\b.*\b(in)?valid\b|^character not found/i.test(errorOf(answer) ?? '')
