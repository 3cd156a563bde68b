import { Refused } from '../../base/errors'
import { ALERT_KEYS, JOB_KEYS } from '../../engine/upkeep/event-keys'
import { guardedLookup, guardedUrl } from '../../http/guard'
import type { Service } from '../base/context'

/*
 * The checks before a webhook is added: deliveries may reach its address, and its events exist.
 */

const MAX_EVENTS = 50
const MAX_URL = 2048
const PATTERN = /^(\*|[A-Za-z0-9_-]+(\.[A-Za-z0-9_-]+)*(\.\*)?)$/

/**
 * A webhook's address, as it is stored.
 * @throws {Refused} `input` for url: not https, with credentials, or not a public address
 */
export async function checkUrl({ config }: Pick<Service, 'config'>, text: string): Promise<string> {
  const allowPrivate = config.allowPrivateHosts
  const refuse = (why: string) => new Refused('input', `url: ${why}`, 'url')
  if (typeof text !== 'string' || text.length > MAX_URL) throw refuse(`must be text of at most ${MAX_URL} characters`)
  // The log of actions keeps the refusal, so it must not repeat the text.
  if (!URL.canParse(text)) throw refuse('is not a URL')
  let url: URL
  try {
    url = guardedUrl(text, { allowPrivate })
  } catch (error) {
    // Names the fault of the address.
    throw refuse((error as Error).message)
  }
  const why = await hidden(url.hostname, allowPrivate)
  if (why) throw refuse(`${why} (ALLOW_PRIVATE_HOSTS=true allows loopback and private addresses)`)
  url.hash = ''
  return url.toString()
}

/** A name that cannot be resolved now may be resolved later; every delivery checks again. */
function hidden(hostname: string, allowPrivate: boolean): Promise<string | undefined> {
  return new Promise((resolve) => {
    guardedLookup(allowPrivate)(hostname.replace(/^\[|\]$/g, ''), { all: true }, (error) =>
      resolve(error?.code === 'EPRIVATE' ? error.message : undefined),
    )
  })
}

/**
 * Patterns of events, without duplicates.
 * @throws {Refused} `input` for events: none, an invalid pattern, or one that matches no event
 */
export function checkEvents({ sources }: Pick<Service, 'sources'>, events: readonly string[]): string[] {
  const refuse = (why: string) => new Refused('input', `events: ${why}`, 'events')
  const families = [...new Set(['job', 'alert', ...sources.map((source) => source.name)])]
  const known = `there are ${families.map((name) => `${name}.*`).join(', ')}, and * for all`
  if (!Array.isArray(events) || events.length === 0) throw refuse(`give at least one; ${known}.`)
  if (events.length > MAX_EVENTS) throw refuse(`at most ${MAX_EVENTS}.`)
  for (const event of events) {
    const text = JSON.stringify(String(event).slice(0, 100))
    if (typeof event !== 'string' || event.length > 200 || !PATTERN.test(event)) {
      throw refuse(`${text} is not an event; give job.failed, job.* for all that begin with job, or *.`)
    }
    const family = event.split('.')[0] as string
    if (event === '*') continue
    if (!families.includes(family)) throw refuse(`there are no events ${text}; ${known}.`)
    const keys = family === 'job' ? JOB_KEYS : family === 'alert' ? ALERT_KEYS : undefined
    if (keys && !keys.some((key) => takes(event, key))) throw refuse(`there is no event ${text}; there are ${keys.join(', ')}.`)
  }
  return [...new Set(events)]
}

const takes = (pattern: string, key: string): boolean => pattern === key || (pattern.endsWith('.*') && key.startsWith(pattern.slice(0, -1)))
