import { DEAD, holds, idle, isOpen, isSettled, NOBODY, type Row, type Shape, type State, type Turn } from './state'

/*
 * The engine's rules, a function each, named like the engine's own and changing the state in place. What the engine does in
 * one statement or one locked transaction is one function here; what lies between two of them is another transition.
 */

/** The parts of the rules that a test can break, to see that exploring notices. */
export interface Rules {
  pagesAreFenced: boolean
  fenceNamesClaim: boolean
  claimNeedsUnclaimed: boolean
  nextInSameTransaction: boolean
  nextKeepsStages: boolean
  schedulerWakes: boolean
  schedulerRescues: boolean
  schedulerSweeps: boolean
  heartbeatReleases: boolean
  promoteCountsPlaces: boolean
  promoteKeepsStages: boolean
  cancelStatusFirst: boolean
  sweepClearsClaims: boolean
  finishChecksForOpenTasks: boolean
  finishChecksAfterLocking: boolean
  finishFailureChecks: boolean
  finishInsertChecks: boolean
  retryRemovesFinish: boolean
  retryLeavesPromoting: boolean
  moveTakesNoPlace: boolean
  moveEndsClaim: boolean
  giveUpLeavesClaimed: boolean
}

export const RULES: Rules = {
  pagesAreFenced: true,
  fenceNamesClaim: true,
  claimNeedsUnclaimed: true,
  nextInSameTransaction: true,
  nextKeepsStages: true,
  schedulerWakes: true,
  schedulerRescues: true,
  schedulerSweeps: true,
  heartbeatReleases: true,
  promoteCountsPlaces: true,
  promoteKeepsStages: true,
  cancelStatusFirst: true,
  sweepClearsClaims: true,
  finishChecksForOpenTasks: true,
  finishChecksAfterLocking: true,
  finishFailureChecks: true,
  finishInsertChecks: true,
  retryRemovesFinish: true,
  retryLeavesPromoting: true,
  moveTakesNoPlace: true,
  moveEndsClaim: true,
  giveUpLeavesClaimed: true,
}

export const FINAL = new Set(['completed', 'partial', 'failed', 'cancelled'])
const runs = (s: State): boolean => s.job === 'queued' || s.job === 'running'
const at = (s: State, task: number): Row => s.rows[task] as Row
const finishOf = (s: State): number => s.rows.length - 1

function endClaim(row: Row): void {
  row.claim = 0
  row.holder = NOBODY
  row.woken = false
}

/** store.claimTask: ready, due, unclaimed, its job runs; the first claim starts the job. */
export function claimTask(s: State, task: number, worker: number, rules = RULES): boolean {
  const row = at(s, task)
  if (row.state !== 'ready' || !row.due || !runs(s) || (row.claim !== 0 && rules.claimNeedsUnclaimed)) return false
  take(s, s.turns[worker] as Turn, task, worker)
  if (s.job === 'queued') {
    s.job = 'running'
    s.started = true
  }
  return true
}

function take(s: State, turn: Turn, task: number, worker: number): void {
  const row = at(s, task)
  row.state = 'ready'
  row.claim = ++s.claims
  row.holder = worker
  Object.assign(turn, { phase: 'reads', task, lane: row.lane, claim: row.claim, step: row.step })
}

/** store.*: `where id = $1 and claim = $2 and step = $3 and state = 'ready'`. */
function fence(s: State, turn: Turn, rules: Rules): boolean {
  const row = at(s, turn.task)
  const mine = row.claim === turn.claim
  const holds = row.state === 'ready' && (mine || !rules.fenceNamesClaim) && row.step === turn.step
  if (holds && !mine) s.broken ||= 'a worker that lost its task wrote'
  return holds
}

/**
 * step.commit: rows, child tasks and the fenced store.commitPage in one transaction, then store.takeNext in it.
 * @param end `skipped`: the page ends its task, whatever pages are left
 */
export function commitPage(s: State, shape: Shape, worker: number, rules = RULES, end: 'done' | 'skipped' = 'done'): void {
  const turn = s.turns[worker] as Turn
  const { task } = turn
  const row = at(s, task)
  if (rules.pagesAreFenced && !fence(s, turn, rules)) {
    turn.phase = 'wakes'
    return
  }
  if (row.written & (1 << turn.step)) s.broken ||= 'a step was committed twice'
  row.written |= 1 << turn.step
  if (turn.step === 0) insertTasks(s, shape, task)
  row.step = turn.step + 1
  turn.step = row.step
  if (end === 'done' && row.step < (shape.tasks[task]?.pages ?? 1)) {
    const to = shape.tasks[task]?.movesTo
    if (row.step === 1 && to !== undefined) {
      moveTask(row, to, rules)
      takeNext(s, shape, worker, rules)
      return
    }
    if (s.job !== 'running') turn.phase = 'over'
    return
  }
  row.state = end
  row.claim = 0
  row.holder = NOBODY
  takeNext(s, shape, worker, rules)
}

/** store.commitPage with a lane: the task waits for a place in the other one. */
function moveTask(row: Row, lane: number, rules: Rules): void {
  row.lane = lane
  row.state = rules.moveTakesNoPlace ? 'waiting' : 'ready'
  if (rules.moveEndsClaim) endClaim(row)
}

/** store.insertTasks: one that is there already is left alone. */
function insertTasks(s: State, shape: Shape, parent: number): void {
  for (const [child, task] of shape.tasks.entries()) {
    const row = at(s, child)
    if (task.childOf === parent && row.state === 'none') row.state = row.lane === null ? 'ready' : 'waiting'
  }
}

/** store.claimNext: the settled task's place goes to the next waiting one of its lane, by stages, while the job is running. */
function takeNext(s: State, shape: Shape, worker: number, rules: Rules): void {
  const turn = s.turns[worker] as Turn
  if (rules.nextInSameTransaction) takeNextNow(s, shape, worker, rules)
  else turn.phase = 'next'
}

export function takeNextNow(s: State, shape: Shape, worker: number, rules: Rules): void {
  const turn = s.turns[worker] as Turn
  turn.phase = 'wakes'
  if (turn.task >= shape.tasks.length || turn.lane === null || s.job !== 'running') return
  const open = shape.tasks.map((_, n) => at(s, n).lane === turn.lane && isOpen(at(s, n)))
  const first = Math.min(...shape.tasks.flatMap(({ stage }, n) => (open[n] ? [stage] : [])))
  const next = shape.tasks.findIndex(
    ({ stage }, n) => open[n] && (!rules.nextKeepsStages || stage === first) && at(s, n).state === 'waiting',
  )
  if (next < 0) return
  at(s, next).due = true
  take(s, turn, next, worker)
}

/** step.settle with store.settleTask: a page that cannot be had ends the task as failed. */
export function settleTask(s: State, shape: Shape, worker: number, rules = RULES): void {
  const turn = s.turns[worker] as Turn
  const row = at(s, turn.task)
  if (!fence(s, turn, rules)) {
    turn.phase = 'wakes'
    return
  }
  row.state = 'failed'
  row.claim = 0
  row.holder = NOBODY
  takeNext(s, shape, worker, rules)
}

/** step.settleLane, its transaction: the task fails because its host cannot be reached. */
export function loseHost(s: State, worker: number, rules = RULES): void {
  const turn = s.turns[worker] as Turn
  const row = at(s, turn.task)
  const held = fence(s, turn, rules)
  turn.phase = held ? 'gives' : 'wakes'
  if (!held) return
  row.state = 'failed'
  row.claim = 0
  row.holder = NOBODY
}

/** lanes.giveUpLane: what nobody holds of the lane fails with its host; tasks outside lanes, such as the one that ends a job, share none. */
export function giveUpLane(s: State, worker: number, rules = RULES): void {
  const turn = s.turns[worker] as Turn
  turn.phase = 'wakes'
  if (turn.lane === null) return
  for (const row of s.rows)
    if (row.lane === turn.lane && isOpen(row) && (row.claim === 0 || !rules.giveUpLeavesClaimed)) row.state = 'failed'
}

/** store.release: turn over, park, stop. */
export function release(s: State, worker: number, due: boolean, rules = RULES): void {
  const turn = s.turns[worker] as Turn
  const row = at(s, turn.task)
  if (fence(s, turn, rules)) {
    endClaim(row)
    row.due = due
  }
  turn.phase = 'wakes'
}

/** wake: what is ready, due, unclaimed and not woken lately. @returns the tasks to publish */
export function wakeable(s: State): number[] {
  if (!runs(s)) return []
  return s.rows.flatMap((row, task) => (row.state === 'ready' && row.due && row.claim === 0 && !row.woken ? [task] : []))
}

/** wake before it publishes: who dies in between has lost the wake-up. */
export function mark(s: State, task: number): void {
  const row = at(s, task)
  if (row.state === 'ready' && row.claim === 0) row.woken = true
}

/** heartbeat.rescue: what dead workers hold, and what this one holds that is suspected wrongly. */
export function rescue(s: State, suspect?: number): void {
  for (const row of s.rows) if (row.claim !== 0 && (row.holder === DEAD || row.holder === suspect)) endClaim(row)
}

/** heartbeat.heartbeat: claims the row has and the worker does not know of. */
export function heartbeat(s: State, worker: number): void {
  const turn = s.turns[worker] as Turn
  for (const [task, row] of s.rows.entries()) {
    if (row.claim !== 0 && row.holder === worker && !(holds(turn) && turn.task === task)) endClaim(row)
  }
}

/** store.promote, its check: the statement's snapshot. @returns tasks picked, one bit each */
export function promotable(s: State, shape: Shape, rules = RULES): number {
  if (!runs(s)) return 0
  let picked = 0
  const lanes = [...new Set(s.rows.flatMap(({ lane }) => (lane === null ? [] : [lane])))].sort()
  const ready = (lane: number) => s.rows.filter((row) => row.state === 'ready' && row.lane === lane)
  const active = lanes.filter((lane) => ready(lane).some((row) => row.claim !== 0 || row.due)).length
  let freeLanes = Math.max(0, shape.lanesAtOnce - active)
  for (const lane of lanes) {
    const mine = shape.tasks.flatMap((_, n) => (at(s, n).lane === lane && isOpen(at(s, n)) ? [n] : []))
    const waiting = mine.filter((n) => at(s, n).state === 'waiting')
    if (waiting.length === 0) continue
    const taken = ready(lane).length
    if (taken === 0 && freeLanes-- <= 0) continue
    const stage = Math.min(...mine.map((n) => shape.tasks[n]?.stage ?? 0))
    const places = rules.promoteCountsPlaces ? shape.laneWidth - taken : shape.laneWidth
    const next = waiting.filter((n) => !rules.promoteKeepsStages || shape.tasks[n]?.stage === stage)
    for (const n of next.slice(0, Math.max(0, places))) picked |= 1 << n
  }
  for (const n of shape.tasks.keys()) if (at(s, n).lane === null && at(s, n).state === 'waiting') picked |= 1 << n
  return picked
}

/** store.promote, its update: only what still waits. */
export function promote(s: State, picked: number): void {
  for (const [task, row] of s.rows.entries()) {
    if (!(picked & (1 << task)) || row.state !== 'waiting') continue
    row.state = 'ready'
    row.woken = false
  }
}

/** scheduler.insertFinishTasks, its check: the job runs, nothing is open, no finish task is there. */
export function wantsFinish(s: State): boolean {
  return runs(s) && !s.rows.some(isOpen) && at(s, finishOf(s)).state === 'none'
}

/** scheduler.insertFinish: with the job's row locked, so that no cancel has swept in between. */
export function insertFinish(s: State, rules = RULES): void {
  const row = at(s, finishOf(s))
  if (row.state !== 'none' || (rules.finishInsertChecks && !runs(s))) return
  Object.assign(row, { state: 'ready', step: 0, claim: 0, holder: NOBODY, due: true, woken: false, written: 0 })
}

/** finish.finishJob, its check: nothing but the finish task is open. */
export const nothingOpen = (s: State): boolean => !s.rows.slice(0, -1).some(isOpen)

/** step.finish with finish.finishJob: the job's row is locked first, then checked. */
export function finishJob(s: State, worker: number, open = !nothingOpen(s), rules = RULES): void {
  const turn = s.turns[worker] as Turn
  const ok = fence(s, turn, rules)
  turn.phase = 'wakes'
  if (!ok) return
  const ends = s.job === 'running' && (!open || !rules.finishChecksForOpenTasks)
  endFinish(at(s, turn.task), ends ? 'done' : 'none')
  if (!ends) return
  const count = (state: string) => s.rows.slice(0, -1).filter((row) => row.state === state).length
  s.job = count('failed') === 0 ? 'completed' : count('done') === 0 ? 'failed' : 'partial'
  s.reported = true
  s.ends++
}

/** step.settle of a finish task: the job fails with it, unless there is something to do again. */
export function finishFails(s: State, worker: number, rules = RULES): void {
  const turn = s.turns[worker] as Turn
  const ok = fence(s, turn, rules)
  turn.phase = 'wakes'
  if (!ok) return
  const ends = s.job === 'running' && nothingOpen(s)
  endFinish(at(s, turn.task), ends || !rules.finishFailureChecks ? 'failed' : 'none')
  if (s.job === 'running' && (ends || !rules.finishFailureChecks)) s.job = 'failed'
}

function endFinish(row: Row, state: 'done' | 'failed' | 'none'): void {
  endClaim(row)
  row.state = state
}

/** jobs.pause. @returns false when refused */
export function pause(s: State): boolean {
  if (!runs(s) && s.job !== 'paused') return false
  s.job = 'paused'
  return true
}

/** jobs.resume, before it wakes. @returns false when refused */
export function resume(s: State): boolean {
  if (!runs(s) && s.job !== 'paused') return false
  if (s.job === 'paused') s.job = s.started ? 'running' : 'queued'
  return true
}

/** jobs.cancel, its first statement. @returns false when refused */
export function cancel(s: State): boolean {
  if (!runs(s) && s.job !== 'paused' && s.job !== 'cancelled') return false
  s.job = 'cancelled'
  return true
}

/** jobs.sweep: clears claims, then cancels tasks, then reports; each statement may be the last of its process. */
export function sweep(s: State, statement: number, rules = RULES): void {
  for (const row of s.rows) {
    if (statement === 1 && rules.sweepClearsClaims) {
      row.claim = 0
      row.holder = NOBODY
    }
    if (statement === 2 && isOpen(row)) {
      row.state = 'cancelled'
      if (!rules.sweepClearsClaims) continue
      row.claim = 0
      row.holder = NOBODY
    }
  }
  if (statement === 3 && s.job === 'cancelled') s.reported = true
}

/** jobs.retry, with the job's row locked, before it wakes. @returns false when refused */
export function retry(s: State, shape: Shape, rules = RULES): boolean {
  const failed = s.rows.slice(0, -1).filter((row) => row.state === 'failed')
  if (s.job === 'completed' || s.job === 'cancelled' || (failed.length === 0 && s.job !== 'failed')) return false
  const finish = at(s, finishOf(s))
  if (isSettled(finish) && finish.state !== 'cancelled' && rules.retryRemovesFinish) endFinish(finish, 'none')
  for (const row of s.rows.slice(0, -1)) {
    if (row.state === 'failed') Object.assign(row, { state: row.lane === null ? 'ready' : 'waiting', due: true, woken: false })
  }
  if (FINAL.has(s.job)) Object.assign(s, { job: 'running', started: true, reported: false, ends: 0 })
  if (!rules.retryLeavesPromoting) promote(s, promotable(s, shape, rules))
  return true
}

/** worker.createWorker gone without a word: its message comes back, its claims stay until somebody misses its heartbeat. */
export function crash(s: State, worker: number): void {
  const { wakeUp } = s.turns[worker] as Turn
  if (wakeUp >= 0) s.wakeUps[wakeUp] = Math.min(2, (s.wakeUps[wakeUp] ?? 0) + 1)
  for (const row of s.rows) if (row.holder === worker) row.holder = DEAD
  s.turns[worker] = idle()
}
