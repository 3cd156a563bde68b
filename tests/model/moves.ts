import * as rules from './rules'
import { copy, holds, idle, type Left, type Shape, type State, type Turn } from './state'

/** What may happen next. `calm`: no mishap, nobody's wish; these alone must lead to the end. */
export interface Move {
  name: string
  calm: boolean
  next: State
}

export interface Mix {
  shape: Shape
  left: Partial<Left>
  rules?: Partial<rules.Rules>
  /** A wake-up is published in a transition of its own, after its mark. */
  lateWakeUps?: boolean
}

/** Every transition of the engine, and every mishap that may still happen, from one state. */
export function moves(s: State, mix: Mix): Move[] {
  const r = mix.rules ? { ...rules.RULES, ...mix.rules } : rules.RULES
  const found: Move[] = []
  const move = (name: string, calm: boolean, change: (next: State) => void) => {
    const next = copy(s)
    change(next)
    found.push({ name, calm, next })
  }
  const mishap = (kind: keyof Left, name: string, change: (next: State) => void) => {
    if (s.left[kind] === 0) return
    move(name, false, (next) => {
      next.left = { ...s.left, [kind]: s.left[kind] - 1 }
      change(next)
    })
  }
  const kit: Kit = { s, mix, r, move, mishap }
  brokerMoves(kit)
  for (const worker of s.turns.keys()) turnMoves(kit, worker)
  schedulerMoves(kit)
  verbMoves(kit)
  return found
}

interface Kit {
  s: State
  mix: Mix
  r: rules.Rules
  move: (name: string, calm: boolean, change: (next: State) => void) => void
  mishap: (kind: keyof Left, name: string, change: (next: State) => void) => void
}

/** wake. Two wake-ups of one task stand for any number. */
function wake(s: State, mix: Mix): void {
  for (const task of rules.wakeable(s)) {
    rules.mark(s, task)
    if (mix.lateWakeUps) s.unpublished |= 1 << task
    else s.wakeUps[task] = Math.min(2, (s.wakeUps[task] ?? 0) + 1)
  }
}

function brokerMoves({ s, mishap }: Kit): void {
  for (const [task, count] of s.wakeUps.entries()) {
    if (count === 0) continue
    mishap('lose', `wake-up ${task} is lost`, (next) => {
      next.wakeUps[task] = count - 1
    })
    if (count < 2)
      mishap('double', `wake-up ${task} is doubled`, (next) => {
        next.wakeUps[task] = count + 1
      })
  }
  mishap('wipe', 'the broker is wiped', (next) => {
    next.wakeUps.fill(0)
    for (const turn of next.turns) turn.wakeUp = -1
  })
}

function turnMoves({ s, mix, r, move, mishap }: Kit, worker: number): void {
  const turn = s.turns[worker] as Turn
  const { phase, task } = turn
  const me = `worker ${worker}`
  const mine = (next: State) => next.turns[worker] as Turn
  /** The statement runs, its reply is lost: the turn breaks and its message is acknowledged. */
  const forgotten = (name: string, change: (next: State) => void) =>
    mishap('forget', `${me} ${name} and never hears of it`, (next) => {
      change(next)
      next.turns[worker] = idle()
    })

  if (phase === 'idle') {
    for (const [wakeUp, count] of s.wakeUps.entries()) {
      if (count === 0) continue
      move(`${me} is told of ${wakeUp}`, true, (next) => {
        next.wakeUps[wakeUp] = count - 1
        Object.assign(mine(next), { phase: 'told', wakeUp, task: wakeUp })
      })
    }
  } else {
    mishap('crash', `${me} is killed`, (next) => rules.crash(next, worker))
  }
  if (phase === 'told') {
    move(`${me} claims ${task}`, true, (next) => {
      if (!rules.claimTask(next, task, worker, r)) next.turns[worker] = idle()
    })
    forgotten(`claims ${task}`, (next) => rules.claimTask(next, task, worker, r))
  }
  if (phase === 'reads' && task === s.rows.length - 1) {
    finishMoves({ s, mix, r, move, mishap }, worker, forgotten)
  } else if (phase === 'reads') {
    const commit = (next: State) => rules.commitPage(next, mix.shape, worker, r)
    move(`${me} commits a page of ${task}`, true, commit)
    forgotten(`commits a page of ${task}`, commit)
    move(`${me} ends its turn after a page of ${task}`, true, (next) => {
      commit(next)
      if (mine(next).phase === 'reads') mine(next).phase = 'over'
    })
    mishap('fail', `${me} fails ${task}`, (next) => rules.settleTask(next, mix.shape, worker, r))
    mishap('hostLost', `${me} loses the host of ${task}`, (next) => rules.loseHost(next, worker, r))
    mishap('park', `${me} parks ${task}`, (next) => rules.release(next, worker, false, r))
  }
  if (phase === 'checked') {
    move(`${me} ends the job`, true, (next) => rules.finishJob(next, worker, turn.checked, r))
  }
  if (phase === 'gives') {
    move(`${me} gives up the lane`, true, (next) => rules.giveUpLane(next, worker, r))
    move(`${me} leaves the lane alone: its host has answered`, true, (next) => {
      mine(next).phase = 'wakes'
    })
  }
  if (phase === 'next') move(`${me} takes the next`, true, (next) => rules.takeNextNow(next, mix.shape, worker, r))
  if (phase === 'over') {
    move(`${me} hands ${task} back`, true, (next) => rules.release(next, worker, true, r))
    forgotten(`hands ${task} back`, (next) => rules.release(next, worker, true, r))
  }
  if (phase === 'wakes') {
    move(`${me} wakes and acknowledges`, true, (next) => {
      wake(next, mix)
      next.turns[worker] = idle()
    })
  }
  if (holds(turn) || s.rows.some((row) => row.holder === worker)) {
    mishap('suspect', `${me} is suspected`, (next) => {
      if (s.rows.some((row) => row.claim !== 0 && row.holder === worker)) next.suspected++
      rules.rescue(next, worker)
    })
    const unknown = s.rows.some((row, n) => row.claim !== 0 && row.holder === worker && !(holds(turn) && n === task))
    if (r.heartbeatReleases && unknown) move(`${me} heartbeats`, true, (next) => rules.heartbeat(next, worker))
  }
}

function finishMoves({ s, r, move, mishap }: Kit, worker: number, forgotten: (name: string, change: (next: State) => void) => void): void {
  const open = !rules.nothingOpen(s)
  if (r.finishChecksAfterLocking) {
    move(`worker ${worker} ends the job`, true, (next) => rules.finishJob(next, worker, open, r))
    forgotten('ends the job', (next) => rules.finishJob(next, worker, open, r))
  } else {
    move(`worker ${worker} checks whether the job ends`, true, (next) =>
      Object.assign(next.turns[worker] as Turn, { phase: 'checked', checked: open }),
    )
  }
  mishap('finishFail', `worker ${worker} fails the finish task`, (next) => rules.finishFails(next, worker, r))
}

function schedulerMoves({ s, mix, r, move, mishap }: Kit): void {
  if (r.schedulerWakes && rules.wakeable(s).length > 0) move('the scheduler wakes', true, (next) => wake(next, mix))
  for (const [task, row] of s.rows.entries()) {
    if (s.unpublished & (1 << task)) {
      const publish = (next: State, wakeUps: number) => {
        next.unpublished &= ~(1 << task)
        next.wakeUps[task] = Math.min(2, (next.wakeUps[task] ?? 0) + wakeUps)
      }
      move(`the wake-up of ${task} is published`, true, (next) => publish(next, 1))
      mishap('lose', `who marked the wake-up of ${task} dies before publishing it`, (next) => publish(next, 0))
    }
    if (row.state !== 'ready') continue
    if (!row.due) move(`${task} is due`, true, (next) => Object.assign(next.rows[task] as object, { due: true }))
    // A wake-up that still waits in the broker is doubled by a mishap; here time passes for one that was lost or used up.
    if (row.woken && (s.wakeUps[task] === 0 || mix.lateWakeUps))
      move(`${task} may be woken again`, true, (next) => Object.assign(next.rows[task] as object, { woken: false }))
  }
  if (r.schedulerRescues && s.rows.some((row) => row.claim !== 0 && row.holder < -1)) move('the scheduler rescues', true, rules.rescue)
  const picked = rules.promotable(s, mix.shape, r)
  if (s.picked === 0 && picked !== 0) {
    move('the scheduler picks tasks to promote', true, (next) => {
      next.picked = picked
    })
  }
  if (s.picked !== 0) {
    move('the scheduler promotes', true, (next) => {
      rules.promote(next, s.picked)
      next.picked = 0
    })
  }
  if (!s.finishWanted && rules.wantsFinish(s)) {
    move('the scheduler wants a finish task', true, (next) => {
      next.finishWanted = true
    })
  }
  if (s.finishWanted) {
    move('the scheduler inserts the finish task', true, (next) => {
      rules.insertFinish(next, r)
      next.finishWanted = false
    })
  }
  if (s.picked !== 0 || s.finishWanted) {
    mishap('crash', 'the scheduler is killed', (next) => Object.assign(next, { picked: 0, finishWanted: false }))
  }
}

function verbMoves({ s, mix, r, move, mishap }: Kit): void {
  if (s.job === 'queued' || s.job === 'running') mishap('pause', 'pause', rules.pause)
  if (s.job === 'paused') {
    move('resume', true, (next) => {
      rules.resume(next)
      wake(next, mix)
    })
  }
  if (!rules.FINAL.has(s.job) && s.sweep === 0) {
    mishap('cancel', 'cancel', (next) => {
      if (r.cancelStatusFirst) rules.cancel(next)
      next.sweep = 1
    })
  }
  if (s.sweep !== 0) {
    move(['', 'cancel clears claims', 'cancel sweeps tasks', 'cancel reports'][s.sweep] ?? '', true, (next) => {
      if (s.sweep === 3 && !r.cancelStatusFirst) rules.cancel(next)
      rules.sweep(next, s.sweep, r)
      next.sweep = (s.sweep + 1) % 4
    })
    mishap('crash', 'who cancels is killed', (next) => {
      next.sweep = 0
    })
  } else if (s.job === 'cancelled' && !s.reported && r.schedulerSweeps) {
    move('the scheduler goes on with the cancel', true, (next) => {
      next.sweep = 1
    })
  }
  if (s.left.retry > 0 && rules.retry(copy(s), mix.shape, r)) {
    mishap('retry', 'retry', (next) => {
      rules.retry(next, mix.shape, r)
      wake(next, mix)
    })
  }
}
