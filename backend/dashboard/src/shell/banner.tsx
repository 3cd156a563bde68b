import { connection } from '../api/client'
import { clockTime } from '../lib/format'
import { useStore } from '../lib/store'
import { brokerIsUnreachable, useOverview } from './overview'

/** Says calmly what is unreachable; what is shown stays, and everything reads anew once it is back. */
export function Banner() {
  const { lost, since } = useStore(connection)
  const figures = useOverview()
  const text =
    lost !== null
      ? `Connection lost, trying again… ${lost} What is shown is of ${clockTime(new Date(since).toISOString())} UTC.`
      : brokerIsUnreachable(figures)
        ? 'RabbitMQ cannot be reached now: what is started meanwhile is kept, and workers hear of it once it is back.'
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
