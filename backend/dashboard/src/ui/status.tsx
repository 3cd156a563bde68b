import type { JSX } from 'preact'

const CIRCLE = 2 * Math.PI * 5.75

/** A shape for each state, so that none relies on its color. */
const MARKS: Record<string, JSX.Element> = {
  waiting: <circle cx="8" cy="8" r="5.75" stroke-dasharray="2.2 2.3" />,
  queued: <circle cx="8" cy="8" r="5.75" stroke-dasharray="2.2 2.3" />,
  ready: <circle cx="8" cy="8" r="5.75" />,
  held: <path d="M8 2.25a5.75 5.75 0 1 1 0 11.5a5.75 5.75 0 0 1 0-11.5M8 7a1 1 0 1 1 0 2a1 1 0 0 1 0-2" />,
  pending: <path d="M8 2.25a5.75 5.75 0 1 1 0 11.5a5.75 5.75 0 0 1 0-11.5M8 5v3.2l2 1.3" />,
  paused: <path d="M8 2.25a5.75 5.75 0 1 1 0 11.5a5.75 5.75 0 0 1 0-11.5M6.5 6v4M9.5 6v4" />,
  done: <path d="M8 2.25a5.75 5.75 0 1 1 0 11.5a5.75 5.75 0 0 1 0-11.5M5.6 8.2l1.7 1.7 3.2-3.5" />,
  partial: <path d="M8 2.4 14 13H2zM8 6.6v2.6M8 11.1h.01" />,
  failed: <path d="M8 2.25a5.75 5.75 0 1 1 0 11.5a5.75 5.75 0 0 1 0-11.5M6 6l4 4M10 6l-4 4" />,
  cancelled: <path d="M8 2.25a5.75 5.75 0 1 1 0 11.5a5.75 5.75 0 0 1 0-11.5M4 12l8-8" />,
  skipped: <path d="M4 4.5 7.5 8 4 11.5M8.5 4.5 12 8l-3.5 3.5" />,
}
const SAME: Record<string, string> = { running: 'pending', completed: 'done', delivered: 'done', ok: 'done' }

function ProgressCircle({ fraction }: { fraction: number | null }) {
  const done = fraction ?? 0.25
  return (
    <>
      <circle cx="8" cy="8" r="5.75" opacity="0.28" />
      <circle cx="8" cy="8" r="5.75" stroke-dasharray={`${done * CIRCLE} ${CIRCLE}`} transform="rotate(-90 8 8)" />
    </>
  )
}

interface Props {
  state: string
  /** For a running job: how far its circle is filled. */
  fraction?: number | null
  /** A running job of which nothing moves: its mark is a clock, not a circle that fills. */
  still?: boolean
  /** The text; by default the state itself. */
  text?: string
  /** Shows only the mark; the text stays for screen readers. */
  bare?: boolean
}

/** The state of a job, task or delivery as mark and text. */
export function Status({ state, fraction = null, still, text = state, bare }: Props) {
  return (
    <span class={still ? `status ${state} still` : `status ${state}`}>
      <svg
        width="16"
        height="16"
        viewBox="0 0 16 16"
        fill="none"
        stroke="currentColor"
        stroke-width="1.6"
        stroke-linecap="round"
        stroke-linejoin="round"
        aria-hidden="true"
      >
        {state === 'running' && !still ? <ProgressCircle fraction={fraction} /> : MARKS[SAME[state] ?? state]}
      </svg>
      <span class={bare ? 'hidden' : undefined}>{text}</span>
    </span>
  )
}
