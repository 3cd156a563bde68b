import type { NewTask, Plan } from '../../contract'
import { type AtprotoParams, subjectOf } from './params'
import { discoveryCursor, repoCursor } from './streams/cursor'

/** PDSes a job asks at once, and repos of one PDS at once. */
const HOSTS_AT_ONCE = 8
const REPOS_OF_A_HOST = 3
/** Discovery rests while so many repos wait. */
const BACKLOG = 20_000
/** Repos named in one task. */
const NAMED_IN_A_TASK = 500

/** Lane of the task that lists a host's repos; another than that of the repos, so that both go on side by side. */
export const listingLane = (host: string): string => `repos of ${host}`

/** Lists the repos of a host. */
export const hostTask = (host: string): NewTask => ({ stream: 'host', key: host, lane: listingLane(host), cursor: discoveryCursor() })

/**
 * Lists the repos that have records of a collection, by the relay.
 * @param began when a job of several collections began its discovery, ISO 8601
 */
export const relayTask = (collection: string, began?: string): NewTask => ({
  stream: 'relay',
  key: collection,
  cursor: { ...discoveryCursor(), began },
})

/** Reads one collection that was listed after its repo had been read without it. @param pds where the repo is, as far as that is known */
export const lateTask = (did: string, collection: string, lane: string, pds: string | undefined): NewTask => ({
  stream: 'late',
  key: `${did} ${collection}`,
  lane,
  cursor: repoCursor.parse({ collections: [collection], foundBy: collection, pds }),
})

function firstTasks({ collection, dids, pds, discovery }: AtprotoParams): NewTask[] {
  if (dids.length > 0) {
    return Array.from({ length: Math.ceil(dids.length / NAMED_IN_A_TASK) }, (_, n) => ({
      stream: 'named',
      key: String(n + 1),
      cursor: discoveryCursor(dids.slice(n * NAMED_IN_A_TASK, (n + 1) * NAMED_IN_A_TASK).map((name) => ({ name }))),
    }))
  }
  if (pds.length > 0) return pds.map(hostTask)
  if (discovery === 'hosts') return [{ stream: 'hosts', key: 'all', cursor: discoveryCursor() }]
  return [collection === undefined ? { stream: 'collections', key: 'all', cursor: discoveryCursor() } : relayTask(collection)]
}

/** First tasks of a job; the same for the same params. */
export function plan(params: AtprotoParams): Plan {
  const { dids } = params
  return {
    tasks: firstTasks(params),
    laneWidth: REPOS_OF_A_HOST,
    lanesAtOnce: HOSTS_AT_ONCE,
    backlog: BACKLOG,
    activeKey: subjectOf(params),
    estimate: {
      requests: dids.length > 0 ? { plc: dids.length, pds: null } : { relay: null, plc: null, pds: null },
      note: 'a repo costs one request when nothing has changed, else one for each 100 records and two more; at most 10 requests a second to a host',
    },
  }
}
