import fc from 'fast-check'
import { type Db, openDb } from '../../backend/database/db'
import { type TestDatabase, testDatabase } from '../support/env'
import { FOUND, LANE, MOVED, PAIR, SHORT, WIDE } from './mixes'
import { type Reading, Real } from './real'
import * as rules from './rules'
import { DEAD, holds, idle, isSettled, NONE_LEFT, planned, type Shape, type State, type Turn } from './state'

/*
 * Random short stories told twice: to the model and, through the engine's own functions, to Postgres. After each sentence
 * both say the same of the job, of each task and of what each worker has in hand. Then calm sentences alone lead both to the end.
 */

/** One sentence. Both sides answer; the answers are compared as well. */
interface Sentence {
  name: string
  calm: boolean
  model: (s: State) => unknown
  real: (real: Real) => Promise<unknown>
}

const turnOf = (s: State, worker: number): Turn => s.turns[worker] as Turn
const acks = (s: State, worker: number): void => {
  if (turnOf(s, worker).phase === 'wakes') s.turns[worker] = idle()
}

function modelWake(s: State): number[] {
  const tasks = rules.wakeable(s)
  for (const task of tasks) rules.mark(s, task)
  return tasks
}

function claims(s: State, worker: number): Sentence[] {
  if (turnOf(s, worker).phase !== 'idle') return []
  return s.rows.flatMap(({ state, claim, due }, task): Sentence[] => {
    const takes = state === 'ready' && claim === 0 && due && (s.job === 'queued' || s.job === 'running')
    return [true, false].map((heard) => ({
      name: `${worker} claims ${task}${heard ? '' : ', unheard'}`,
      calm: heard && takes,
      model: (s) => {
        const claimed = rules.claimTask(s, task, worker)
        if (!heard) s.turns[worker] = idle()
        return claimed
      },
      real: (real) => real.claim(worker, task, heard),
    }))
  })
}

function steps(s: State, shape: Shape, worker: number): Sentence[] {
  const { phase, task } = turnOf(s, worker)
  const say = (name: string, calm: boolean, model: (s: State) => unknown, real: Sentence['real']): Sentence => ({
    name: `${worker} ${name}`,
    calm,
    model: (s) => {
      model(s)
      acks(s, worker)
    },
    real,
  })
  const back = say(
    'releases',
    phase === 'over',
    (s) => rules.release(s, worker, true),
    (real) => real.release(worker),
  )
  if (phase === 'over') return [back]
  if (phase !== 'reads') return []
  if (task === shape.tasks.length)
    return [
      back,
      say(
        'finishes',
        true,
        (s) => rules.finishJob(s, worker),
        (real) => real.step(worker, 'page'),
      ),
    ]
  const step = (reading: Reading) => (real: Real) => real.step(worker, reading)
  return [
    back,
    say('commits', true, (s) => rules.commitPage(s, shape, worker), step('page')),
    say('fails', false, (s) => rules.settleTask(s, shape, worker), step('fail')),
    say(
      'loses the host',
      false,
      (s) => {
        rules.loseHost(s, worker)
        if (turnOf(s, worker).phase === 'gives') rules.giveUpLane(s, worker)
      },
      step('lose'),
    ),
    say('skips', false, (s) => rules.commitPage(s, shape, worker, rules.RULES, 'skipped'), step('skip')),
    say('parks', false, (s) => rules.release(s, worker, false), step('park')),
    say(
      'commits, unheard',
      false,
      (s) => {
        rules.commitPage(s, shape, worker)
        s.turns[worker] = idle()
      },
      (real) => real.step(worker, 'page', false),
    ),
  ]
}

function heartbeats(s: State, worker: number): Sentence[] {
  const unknown = s.rows.some((row, task) => row.holder === worker && !(holds(turnOf(s, worker)) && turnOf(s, worker).task === task))
  return [
    { name: `${worker} heartbeats`, calm: unknown, model: (s) => rules.heartbeat(s, worker), real: (real) => real.heartbeat(worker) },
    { name: `${worker} is suspected`, calm: false, model: (s) => rules.rescue(s, worker), real: (real) => real.rescue(worker) },
    { name: `${worker} is killed`, calm: false, model: (s) => rules.crash(s, worker), real: (real) => real.crash(worker) },
  ]
}

function scheduler(s: State, shape: Shape): Sentence[] {
  const times = s.rows.flatMap(({ state, due, woken }, task): Sentence[] => {
    if (state !== 'ready') return []
    const set = (change: object) => (s: State) => void Object.assign(s.rows[task] as object, change)
    const dues = {
      name: `${task} is due`,
      calm: true,
      model: set({ due: true }),
      real: async (real: Real) => void (await real.becomesDue(task)),
    }
    const again = {
      name: `${task} may wake`,
      calm: false,
      model: set({ woken: false }),
      real: async (real: Real) => void (await real.mayWakeAgain(task)),
    }
    return [...(due ? [] : [dues]), ...(woken ? [again] : [])]
  })
  const sweeps = (s: State) => {
    if (s.job === 'cancelled' && !s.reported) for (const statement of [1, 2, 3]) rules.sweep(s, statement)
  }
  return [
    ...times,
    { name: 'wake', calm: false, model: modelWake, real: (real) => real.woken(real.wake) },
    {
      name: 'rescue',
      calm: s.rows.some((row) => row.holder === DEAD),
      model: (s) => rules.rescue(s),
      real: (real) => real.rescue(),
    },
    {
      name: 'promote',
      calm: rules.promotable(s, shape) !== 0,
      model: (s) => rules.promote(s, rules.promotable(s, shape)),
      real: (real) => real.promote(),
    },
    {
      name: 'insert finish',
      calm: rules.wantsFinish(s),
      model: (s) => (rules.wantsFinish(s) ? rules.insertFinish(s) : undefined),
      real: (real) => real.insertFinish(),
    },
    { name: 'sweep', calm: s.job === 'cancelled' && !s.reported, model: sweeps, real: (real) => real.sweepCancelled() },
  ]
}

/** `jobs.cancel` whose connection is lost after its status, after its claims, after its tasks; 0: not at all. */
function cancels(lost: number): Sentence {
  return {
    name: lost ? `cancel, lost after ${lost}` : 'cancel',
    calm: false,
    model: (s) => {
      if (!rules.cancel(s)) return false
      for (let statement = 1; statement < (lost || 4); statement++) rules.sweep(s, statement)
      return true
    },
    real: (real) => real.verb('cancel', lost ? lost + 1 : 0),
  }
}

function verbs(s: State, shape: Shape): Sentence[] {
  return [
    { name: 'pause', calm: false, model: rules.pause, real: (real) => real.verb('pause') },
    {
      name: 'resume',
      calm: s.job === 'paused',
      model: (s) => (rules.resume(s) ? modelWake(s) : []),
      real: (real) => real.woken(() => real.verb('resume')),
    },
    {
      name: 'retry',
      calm: false,
      model: (s) => (rules.retry(s, shape) ? modelWake(s) : []),
      real: (real) => real.woken(() => real.verb('retry')),
    },
    // Rarer than the others: it ends the story.
    ...(s.claims % 2 === 0 ? [cancels(s.claims % 4 === 0 ? s.rows.filter(isSettled).length % 4 : 0)] : []),
  ]
}

/** Commands that can come next, in groups of about the same interest. */
function groups(s: State, shape: Shape): Sentence[][] {
  const each = (say: (worker: number) => Sentence[]) => [0, 1].map(say)
  const takes = (worker: number) => claims(s, worker).filter((sentence) => sentence.calm)
  const pages = each((worker) => steps(s, shape, worker))
  const all = [
    ...pages,
    ...pages,
    ...pages,
    ...each(takes),
    each((worker) => claims(s, worker)).flat(),
    each((worker) => heartbeats(s, worker)).flat(),
  ]
  const scheduled = scheduler(s, shape)
  const calm = scheduled.filter((sentence) => sentence.calm)
  return [...all, calm, scheduled, verbs(s, shape)].filter((group) => group.length > 0)
}

function roll(s: State, shape: Shape, die: number): Sentence {
  const all = groups(s, shape)
  const group = all[die % all.length] as Sentence[]
  return group[Math.floor(die / all.length) % group.length] as Sentence
}

/** The model's state in the words of `Real.snapshot`. */
function told(s: State): Awaited<ReturnType<Real['snapshot']>> {
  const tasks = s.rows.map(({ state, lane, step, written, claim, holder, due, woken }, n) => {
    if (state === 'none') return { state }
    const ready = state === 'ready'
    const who = holder === DEAD ? '-1' : holder < 0 ? 'nobody' : String(holder)
    const finish = n === s.rows.length - 1
    return { state, lane, step: finish ? 0 : step, written, claimed: claim !== 0, holder: who, due: ready && due, woken: ready && woken }
  })
  const hands = s.turns.map((turn) => (holds(turn) ? `${turn.task}/${turn.step} ${turn.phase}` : 'idle'))
  return { job: s.job, started: s.started, reported: s.reported, tasks, hands }
}

/** A line for each thing compared, after the story so far. */
const lines = (story: string[], answer: unknown, { tasks, ...job }: ReturnType<typeof told>): string[] => [
  `After: ${story.join(', ')}`,
  `answer ${JSON.stringify(answer)}`,
  `job ${JSON.stringify(job)}`,
  ...tasks.map((task, n) => `task ${n} ${JSON.stringify(task)}`),
]

let env: TestDatabase
let db: Db
beforeAll(async () => {
  env = await testDatabase()
  db = openDb(env.databaseUrl, { name: 'conformance', max: 2 })
}, 120_000)
afterAll(async () => {
  await db.close()
  await env.close()
})

async function tell(shape: Shape, dice: number[]): Promise<State> {
  const s = planned(shape, NONE_LEFT)
  rules.promote(s, rules.promotable(s, shape))
  const real = new Real(db, shape)
  await real.start()
  const story = ['start']
  const say = async (sentence: Sentence) => {
    story.push(sentence.name)
    const expected = sentence.model(s)
    const answer = await sentence.real(real)
    const seen = await real.snapshot()
    expect(lines(story, answer, seen)).toEqual(lines(story, expected, told(s)))
  }
  expect(await real.snapshot()).toEqual(told(s))
  for (const die of dice) await say(roll(s, shape, die))
  for (let more = 0; more < 100; more++) {
    const calm = groups(s, shape)
      .flat()
      .find((sentence) => sentence.calm)
    if (!calm) break
    await say(calm)
  }
  expect({ story, final: rules.FINAL.has(s.job) }).toEqual({ story, final: true })
  return s
}

it('the model and the engine tell the same story', async () => {
  const shape = fc.constantFrom<Shape>(LANE, WIDE, FOUND, SHORT, PAIR, MOVED)
  const dice = fc.array(fc.nat(2 ** 20), { minLength: 5, maxLength: 30 })
  await fc.assert(
    fc.asyncProperty(shape, dice, async (shape, dice) => void (await tell(shape, dice))),
    { numRuns: 80, endOnFailure: true },
  )
}, 120_000)
