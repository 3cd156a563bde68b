import { explore } from './explore'
import { MIXES, MOVED, ONE, PAIR, SHORT, STAGED, TRIO, WIDE } from './mixes'
import type { Mix } from './moves'
import type { Rules } from './rules'

/*
 * Every order of everything: small jobs, two workers, a few mishaps, all states that can be reached. The rules are those of
 * the engine (rules.ts names the function of each); conformance.test.ts and races.test.ts hold the two together.
 */

const THE_END = 'the end cannot be reached any more'
const TOO_WIDE = 'more tasks of a lane are ready than it is wide'
const NOT_READ = 'a completed job has tasks that were not read to their end'

describe('in every state the promises hold, and from each an end can be reached', () => {
  it.each(Object.entries(MIXES))('%s', (_name, mix) => {
    const { broken, states, ends } = explore(mix)
    expect(broken).toBeUndefined()
    expect(states).toBeGreaterThan(10_000)
    const { cancel, fail } = mix.left
    expect([...ends].sort()).toEqual(expect.arrayContaining(['completed', ...(cancel ? ['cancelled'] : []), ...(fail ? ['failed'] : [])]))
  })
})

/** A rule that is broken, the promise that goes with it, and the least in which it shows. */
const BROKEN: [keyof Rules, string, Mix][] = [
  ['fenceNamesClaim', 'a worker that lost its task wrote', { shape: ONE, left: { suspect: 1 } }],
  ['claimNeedsUnclaimed', 'a task was taken from a worker that nobody suspected', { shape: ONE, left: { double: 1 } }],
  ['nextInSameTransaction', TOO_WIDE, { shape: TRIO, left: {} }],
  ['nextKeepsStages', 'a stage began before the earlier one had settled', { shape: STAGED, left: {} }],
  ['schedulerWakes', THE_END, { shape: ONE, left: { lose: 1 } }],
  ['schedulerRescues', THE_END, { shape: ONE, left: { crash: 1 } }],
  ['schedulerSweeps', THE_END, { shape: ONE, left: { cancel: 1, crash: 1 } }],
  ['heartbeatReleases', THE_END, { shape: ONE, left: { forget: 1 } }],
  ['promoteCountsPlaces', TOO_WIDE, { shape: PAIR, left: {} }],
  ['promoteKeepsStages', 'a stage began before the earlier one had settled', { shape: { ...SHORT, laneWidth: 2 }, left: {} }],
  ['cancelStatusFirst', 'a cancelled job has open tasks', { shape: ONE, left: { cancel: 1 } }],
  ['sweepClearsClaims', 'a task that is not ready is claimed', { shape: ONE, left: { cancel: 1 } }],
  ['finishChecksForOpenTasks', NOT_READ, { shape: PAIR, left: { fail: 1, retry: 1 } }],
  ['finishChecksAfterLocking', NOT_READ, { shape: PAIR, left: { fail: 1, retry: 1 } }],
  ['finishFailureChecks', THE_END, { shape: ONE, left: { finishFail: 1, pause: 1 } }],
  ['finishFailureChecks', 'a failed job has open tasks', { shape: ONE, left: { finishFail: 1, fail: 1, retry: 1 } }],
  ['finishInsertChecks', 'a cancelled job has open tasks', { shape: ONE, left: { cancel: 1 } }],
  ['retryRemovesFinish', THE_END, { shape: ONE, left: { fail: 1, retry: 1 } }],
  ['retryLeavesPromoting', TOO_WIDE, { shape: PAIR, left: { fail: 1, retry: 1, pause: 1 } }],
  ['moveTakesNoPlace', TOO_WIDE, { shape: MOVED, left: {} }],
  ['moveEndsClaim', 'a task that is not ready is claimed', { shape: MOVED, left: {} }],
  ['giveUpLeavesClaimed', 'a task that is not ready is claimed', { shape: WIDE, left: { hostLost: 1 } }],
  ['pagesAreFenced', 'a step was committed twice', { shape: ONE, left: { suspect: 1 } }],
  ['pagesAreFenced', 'a page was committed after its task was cancelled', { shape: ONE, left: { cancel: 1 } }],
]

/** What is broken in a mix under the engine's rules; several rules are tried with the same one. */
const explored = new Map<string, ReturnType<typeof explore>['broken']>()
function brokenIn(mix: Mix) {
  const key = JSON.stringify(mix)
  if (!explored.has(key)) explored.set(key, explore(mix).broken)
  return explored.get(key)
}

describe('a rule that is broken is found out', () => {
  it.each(BROKEN)('%s: %s', (rule, promise, mix) => {
    expect(explore({ ...mix, rules: { [rule]: false } }).broken?.promise).toBe(promise)
    expect(brokenIn(mix)).toBeUndefined()
  })
})
