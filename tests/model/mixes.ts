import { size } from '../support/size'
import type { Mix } from './moves'
import type { Shape } from './state'

/** One lane, two stages: the first has a task of two pages and one of one page, the second one of one page. */
export const LANE: Shape = {
  laneWidth: 1,
  lanesAtOnce: 1,
  tasks: [
    { lane: 0, stage: 0, pages: 2 },
    { lane: 0, stage: 0, pages: 1 },
    { lane: 0, stage: 1, pages: 1 },
  ],
}

/** Two tasks beside each other. */
export const WIDE: Shape = {
  laneWidth: 2,
  lanesAtOnce: 1,
  tasks: [
    { lane: 0, stage: 0, pages: 2 },
    { lane: 0, stage: 0, pages: 1 },
  ],
}

/** A discovery whose page adds a task to each of two lanes, one lane at once. */
export const FOUND: Shape = {
  laneWidth: 1,
  lanesAtOnce: 1,
  tasks: [
    { lane: null, stage: 0, pages: 1 },
    { lane: 0, stage: 0, pages: 1, childOf: 0 },
    { lane: 1, stage: 0, pages: 1, childOf: 0 },
  ],
}

/** One task of two pages and one of one, in two stages. */
export const SHORT: Shape = {
  laneWidth: 1,
  lanesAtOnce: 1,
  tasks: [
    { lane: 0, stage: 0, pages: 2 },
    { lane: 0, stage: 1, pages: 1 },
  ],
}

/** Two tasks of a page, one after the other. */
export const PAIR: Shape = {
  laneWidth: 1,
  lanesAtOnce: 1,
  tasks: [
    { lane: 0, stage: 0, pages: 1 },
    { lane: 0, stage: 0, pages: 1 },
  ],
}

/** Three tasks of a page in one lane and stage. */
export const TRIO: Shape = { ...PAIR, tasks: [...PAIR.tasks, { lane: 0, stage: 0, pages: 1 }] }

/** Two tasks of a page side by side, and one of the next stage. */
export const STAGED: Shape = { ...PAIR, laneWidth: 2, tasks: [...PAIR.tasks, { lane: 0, stage: 1, pages: 1 }] }

/** A single task of two pages. */
export const ONE: Shape = { laneWidth: 1, lanesAtOnce: 1, tasks: [{ lane: 0, stage: 0, pages: 2 }] }

/** A task of two pages whose first one sends it to the other lane, and a task in each. */
export const MOVED: Shape = {
  laneWidth: 1,
  lanesAtOnce: 2,
  tasks: [
    { lane: 0, stage: 0, pages: 2, movesTo: 1 },
    { lane: 0, stage: 0, pages: 1 },
    { lane: 1, stage: 0, pages: 1 },
  ],
}

/** The same without the one it leaves behind. */
export const MOVES_IN: Shape = { ...MOVED, tasks: MOVED.tasks.filter((_, n) => n !== 1) }

export const MIXES: Record<string, Mix> = {
  'workers and schedulers killed': { shape: LANE, left: { crash: 1 } },
  'wake-ups lost, doubled and published late': { shape: ONE, left: { lose: 1, double: 1, crash: 1 }, lateWakeUps: true },
  'the broker wiped under killed workers': { shape: WIDE, left: { wipe: 1, crash: 1 } },
  'workers suspected wrongly': { shape: WIDE, left: { suspect: 2 } },
  'replies lost in a commit': { shape: SHORT, left: { forget: 2, suspect: 1 } },
  'pauses, parked tasks and a kill': { shape: ONE, left: { pause: 2, park: 1, crash: 1 } },
  'a cancel of a job that finds its tasks': { shape: FOUND, left: { cancel: 1 } },
  'failed tasks tried again': { shape: PAIR, left: { fail: 2, retry: 1 } },
  'a task that leaves one of its lane for another lane': { shape: MOVED, left: {} },
  'a task that moves among mishaps': { shape: MOVES_IN, left: { crash: 1, forget: 1 } },
  'a lane given up with its host under a killed worker': { shape: WIDE, left: { hostLost: 1, crash: 1 } },
  'a lane given up with its host, and tried again': { shape: PAIR, left: { hostLost: 1, retry: 1 } },
  'a retry beside a failing finish': { shape: ONE, left: { fail: 1, retry: 1, finishFail: 1, pause: 1 } },
  'a cancel and a retry among mishaps': { shape: ONE, left: { crash: size(0, 1), suspect: 1, cancel: 1, retry: 1, fail: 1 } },
}
