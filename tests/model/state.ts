/*
 * What the model remembers: the rows that decide, the messages under way, and what each worker has in hand.
 * Times become flags: due, woken lately, silent for two heartbeats.
 */

export type TaskState = 'none' | 'waiting' | 'ready' | 'done' | 'skipped' | 'failed' | 'cancelled'
export type JobStatus = 'queued' | 'running' | 'paused' | 'completed' | 'partial' | 'failed' | 'cancelled'

export interface Row {
  /** `none`: not in the table. */
  state: TaskState
  /** Null: outside lanes. */
  lane: number | null
  step: number
  /** Fencing token; 0 when unclaimed. */
  claim: number
  /** Worker, DEAD for one that is gone, NOBODY. */
  holder: number
  due: boolean
  woken: boolean
  /** Pages that were ever written, one bit each: no column, the model's own memory. */
  written: number
}

export const NOBODY = -1
export const DEAD = -2

/**
 * told: has a delivery. reads: holds a task, a page on its way. over: must release its task. gives: its task failed with its host,
 * whose lane is given up next. checked, next: only in broken rules.
 */
export type Phase = 'idle' | 'told' | 'reads' | 'checked' | 'next' | 'over' | 'gives' | 'wakes'

export interface Turn {
  phase: Phase
  /** Task named by the unacknowledged message; -1 when the broker has forgotten it. */
  wakeUp: number
  task: number
  /** Its lane when it was claimed. */
  lane: number | null
  claim: number
  step: number
  checked: boolean
}

/** How often each mishap or verb may still happen. */
export interface Left {
  crash: number
  lose: number
  double: number
  wipe: number
  suspect: number
  forget: number
  park: number
  fail: number
  hostLost: number
  finishFail: number
  pause: number
  cancel: number
  retry: number
}

export const NONE_LEFT: Left = {
  crash: 0,
  lose: 0,
  double: 0,
  wipe: 0,
  suspect: 0,
  forget: 0,
  park: 0,
  fail: 0,
  hostLost: 0,
  finishFail: 0,
  pause: 0,
  cancel: 0,
  retry: 0,
}

export interface State {
  job: JobStatus
  started: boolean
  reported: boolean
  /** One for each task of the shape, then the finish task. */
  rows: Row[]
  turns: Turn[]
  /** Messages in the broker, by task. */
  wakeUps: number[]
  /** WakeUps marked and not published yet, one bit each. */
  unpublished: number
  /** A cancel on its way: 1 to clear claims, 2 to sweep tasks, 3 to report. */
  sweep: number
  /** Tasks that a scheduler's promote has picked and not yet moved, one bit each. */
  picked: number
  /** A scheduler has seen that the job needs its finish task. */
  finishWanted: boolean
  /** Finish tasks committed in this run of the job. */
  ends: number
  /** Turns that were suspected wrongly so far. */
  suspected: number
  /** The sequence of claims. */
  claims: number
  left: Left
  /** What a transition has broken. */
  broken: string
}

export interface TaskShape {
  /** Null: outside lanes. */
  lane: number | null
  stage: number
  pages: number
  /** Its first page sends it on in this lane. */
  movesTo?: number
  /** Added by the first page of this task instead of the plan. */
  childOf?: number
}

export interface Shape {
  tasks: TaskShape[]
  laneWidth: number
  lanesAtOnce: number
}

const row = (state: TaskState, lane: number | null): Row => ({
  state,
  lane,
  step: 0,
  claim: 0,
  holder: NOBODY,
  due: true,
  woken: false,
  written: 0,
})

export const idle = (): Turn => ({ phase: 'idle', wakeUp: -1, task: -1, lane: null, claim: 0, step: 0, checked: false })

/** A job as jobs.start leaves it before its first promote: its rows, no wake-ups. */
export function planned(shape: Shape, left: Partial<Left>, workers = 2): State {
  const states = shape.tasks.map((task): TaskState => (task.childOf !== undefined ? 'none' : task.lane === null ? 'ready' : 'waiting'))
  return {
    job: 'queued',
    started: false,
    reported: false,
    rows: [...states.map((state, n) => row(state, shape.tasks[n]?.lane ?? null)), row('none', null)],
    turns: Array.from({ length: workers }, idle),
    wakeUps: [...states.map(() => 0), 0],
    unpublished: 0,
    sweep: 0,
    picked: 0,
    finishWanted: false,
    ends: 0,
    suspected: 0,
    claims: 0,
    left: { ...NONE_LEFT, ...left },
    broken: '',
  }
}

/** `left` is shared: who uses some of it up writes another. */
export function copy(s: State): State {
  return {
    ...s,
    rows: s.rows.map(({ state, lane, step, claim, holder, due, woken, written }) => ({
      state,
      lane,
      step,
      claim,
      holder,
      due,
      woken,
      written,
    })),
    turns: s.turns.map(({ phase, wakeUp, task, lane, claim, step, checked }) => ({ phase, wakeUp, task, lane, claim, step, checked })),
    wakeUps: s.wakeUps.slice(),
  }
}

export const isOpen = (one: Row): boolean => one.state === 'waiting' || one.state === 'ready'
export const isSettled = (one: Row): boolean => !isOpen(one) && one.state !== 'none'
export const holds = (turn: Turn): boolean => turn.phase === 'reads' || turn.phase === 'checked' || turn.phase === 'over'

const STATES: TaskState[] = ['none', 'waiting', 'ready', 'done', 'skipped', 'failed', 'cancelled']
const JOBS: JobStatus[] = ['queued', 'running', 'paused', 'completed', 'partial', 'failed', 'cancelled']
const PHASES: Phase[] = ['idle', 'told', 'reads', 'checked', 'next', 'over', 'gives', 'wakes']
const STATE_CODE = Object.fromEntries(STATES.map((one, code) => [one, code])) as Record<TaskState, number>
const JOB_CODE = Object.fromEntries(JOBS.map((one, code) => [one, code])) as Record<JobStatus, number>
const PHASE_CODE = Object.fromEntries(PHASES.map((one, code) => [one, code])) as Record<Phase, number>
const bit = (yes: boolean): number => (yes ? 1 : 0)
const laneCode = (lane: number | null): number => (lane === null ? 0 : lane + 1)

/**
 * One text for all states that behave alike: workers are interchangeable, and of a token only counts whether it is still
 * the row's, because a sequence never gives it out again.
 */
export function keyOf(s: State): string {
  const text: number[] = [
    JOB_CODE[s.job] * 4 + bit(s.started) * 2 + bit(s.reported),
    s.sweep * 2 + bit(s.finishWanted),
    s.picked,
    s.unpublished,
    s.ends * 16 + s.suspected,
  ]
  for (const one of s.rows) {
    text.push(STATE_CODE[one.state] * 16 + bit(one.claim !== 0) * 8 + bit(one.holder === DEAD) * 4 + bit(one.due) * 2 + bit(one.woken))
    text.push(one.step * 16 + one.written, laneCode(one.lane))
  }
  for (const count of s.wakeUps) text.push(count)
  for (const key in s.left) text.push(s.left[key as keyof Left])
  const workers = s.turns.map((turn, worker) => {
    let held = 0
    for (let task = 0; task < s.rows.length; task++) if (s.rows[task]?.holder === worker) held |= 1 << task
    const valid = turn.claim !== 0 && s.rows[turn.task]?.claim === turn.claim
    return String.fromCharCode(
      PHASE_CODE[turn.phase],
      turn.wakeUp + 1,
      turn.task + 1,
      bit(valid) * 2 + bit(turn.checked),
      turn.step,
      held,
      laneCode(turn.lane),
    )
  })
  return String.fromCharCode(...text) + workers.sort().join('')
}
