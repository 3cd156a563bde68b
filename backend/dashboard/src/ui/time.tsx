import { bySpan, type Waiting as Wait, waitText } from '../../../base/vocabulary'
import { useNow } from '../hooks/use-now'
import { clockTime, duration, fromNow, seconds as inSeconds, moment } from '../lib/format'

/** `3 min ago`, kept up to date; the exact time as a tooltip. */
export function Ago({ at }: { at: string }) {
  const now = useNow()
  return (
    <time dateTime={at} title={moment(at)} class="nowrap">
      {fromNow(at, now)}
    </time>
  )
}

/** A time in UTC. */
export function At({ at }: { at: string }) {
  return (
    <time dateTime={at} title={new Date(at).toString()} class="nowrap">
      {clockTime(at)}
    </time>
  )
}

/** Counts down to a time; `any moment now` once it has passed. */
export function Countdown({ until }: { until: string }) {
  const left = Date.parse(until) - useNow()
  return <span class="nowrap">{left > 500 ? `in ${duration(Math.ceil(left / 1000) * 1000)}` : 'any moment now'}</span>
}

/** What is waited for, and for how long: counts down. */
export function Waiting({ wait, until }: { wait: Wait; until: string }) {
  return <>{waitText(wait, bySpan(Date.parse(until) - useNow()))}</>
}

/** `for 42 s`: how long something has run; where it does not move, the clock stands, and it is `ran 42 s`. @param seconds as of `asOf`, ms */
export function RanFor({ seconds, asOf, moving }: { seconds: number; asOf: number; moving: boolean }) {
  const now = useNow(moving)
  const ran = seconds * 1000 + (moving ? Math.max(0, now - asOf) : 0)
  return (
    <span class="nowrap">
      {moving ? 'for' : 'ran'} {inSeconds(ran)}
    </span>
  )
}

/** Counts up from a time. */
export function Since({ at }: { at: string }) {
  return <span class="nowrap">{inSeconds(Math.max(0, useNow() - Date.parse(at)))}</span>
}
