import { withoutRepeats } from '../../backend/base/log-errors'
import { recorder } from '../support/amqp'

beforeEach(() => jest.useFakeTimers())
afterEach(() => jest.useRealTimers())

test('a warning that repeats is written once a minute, with the number of those left out', () => {
  const log = recorder()
  for (let second = 0; second < 130; second++) {
    withoutRepeats(log).warn('RabbitMQ cannot be reached', { reason: `no answer within ${second}.5 ms` })
    jest.advanceTimersByTime(1000)
  }
  expect(log.lines).toEqual([
    'RabbitMQ cannot be reached {"reason":"no answer within 0.5 ms"}',
    'RabbitMQ cannot be reached {"reason":"no answer within 60.5 ms","repeated":59}',
    'RabbitMQ cannot be reached {"reason":"no answer within 120.5 ms","repeated":59}',
  ])
})

test('a line may hold what JSON does not', () => {
  const lines: string[] = []
  const log = { ...recorder(), warn: (message: string) => void lines.push(message) }
  for (const rows of [1n, 2n]) withoutRepeats(log).warn('lost', { rows })
  expect(lines).toEqual(['lost'])
})

test('other warnings, other levels and all information are written', () => {
  const log = recorder()
  const quiet = withoutRepeats(log)
  for (let n = 0; n < 2; n++) {
    quiet.warn('lost', { queue: 'a' })
    quiet.warn('lost', { queue: 'b' })
    quiet.error('lost', { queue: 'a' })
    quiet.info('ready')
  }
  expect(log.lines).toHaveLength(5)
})
