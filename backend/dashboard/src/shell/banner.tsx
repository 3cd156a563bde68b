import { connection } from '../api/client'
import { clockTime } from '../lib/format'
import { useStore } from '../lib/store'
import { brokerIsUnreachable, useOverview } from './overview'

/** Says what is unreachable; the page stays, and everything is read again once it is back. */
export function Banner() {
  const { lost, since } = useStore(connection)
  const figures = useOverview()
  const text =
    lost !== null
      ? `Connection lost, reconnecting… ${lost} This page shows the state at ${clockTime(new Date(since).toISOString())} UTC.`
      : brokerIsUnreachable(figures)
        ? 'RabbitMQ is unreachable. New jobs are stored; workers start them once it is back.'
        : null
  return (
    <div role="status" class="banner">
      {text !== null && (
        <>
          <span class="pulse" aria-hidden="true" />
          <span>{text}</span>
        </>
      )}
    </div>
  )
}
