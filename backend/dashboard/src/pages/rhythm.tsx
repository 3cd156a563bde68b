import { useEffect, useState } from 'preact/hooks'
import { Field } from '../ui/field'

export interface RhythmValue {
  cron: string
  timeZone: string
  jitterS: string
  missed: 'skip' | 'make_up'
}

interface Props {
  value: RhythmValue
  faults: Record<string, string>
  onChange: (value: RhythmValue) => void
}

const ZONES = typeof Intl.supportedValuesOf === 'function' ? Intl.supportedValuesOf('timeZone') : []
const PREVIEW = 3

/** When a schedule starts its job; shows the next times while typing. */
export function Rhythm({ value, faults, onChange }: Props) {
  const set = (change: Partial<RhythmValue>) => onChange({ ...value, ...change })
  const preview = usePreview(value.cron, value.timeZone)
  return (
    <div class="stack">
      <div class="fields">
        <Field label="When" fault={faults.cron} hint="Cron: minute hour day month weekday, or @daily">
          {(props) => (
            <input
              {...props}
              class="input mono"
              spellcheck={false}
              value={value.cron}
              onInput={(event) => set({ cron: event.currentTarget.value })}
            />
          )}
        </Field>
        <Field label="Time zone" fault={faults.timeZone}>
          {(props) => (
            <>
              <input
                {...props}
                class="input"
                list="zones"
                value={value.timeZone}
                onInput={(event) => set({ timeZone: event.currentTarget.value })}
              />
              <datalist id="zones">
                {['UTC', ...ZONES].map((zone) => (
                  <option key={zone} value={zone} />
                ))}
              </datalist>
            </>
          )}
        </Field>
        <Field label="Jitter in seconds" fault={faults.jitterS} hint="Starts at a random moment within this time after each tick">
          {(props) => (
            <input
              {...props}
              class="input"
              inputMode="numeric"
              value={value.jitterS}
              onInput={(event) => set({ jitterS: event.currentTarget.value })}
            />
          )}
        </Field>
        <Field label="Missed ticks" fault={faults.missed}>
          {(props) => (
            <select
              {...props}
              class="input"
              value={value.missed}
              onChange={(event) => set({ missed: event.currentTarget.value as RhythmValue['missed'] })}
            >
              <option value="skip">skip</option>
              <option value="make_up">make up, in order</option>
            </select>
          )}
        </Field>
      </div>
      <p class="small soft" aria-live="polite">
        {preview}
      </p>
    </div>
  )
}

/** The next times as text; the library is loaded when the form opens. */
function usePreview(cron: string, timeZone: string): string {
  const [text, setText] = useState('')
  useEffect(() => {
    let over = false
    void import('croner').then(({ Cron }) => {
      if (!over) setText(previewOf(() => new Cron(cron, { timezone: timeZone, paused: true }).nextRuns(PREVIEW), timeZone))
    })
    return () => {
      over = true
    }
  }, [cron, timeZone])
  return text
}

function previewOf(nextRuns: () => Date[], timeZone: string): string {
  try {
    const runs = nextRuns()
    const format = new Intl.DateTimeFormat('en-GB', {
      timeZone,
      weekday: 'short',
      day: 'numeric',
      month: 'short',
      hour: '2-digit',
      minute: '2-digit',
    })
    return runs.length === 0 ? 'This never fires.' : `Next: ${runs.map((run) => format.format(run)).join(' · ')} (${timeZone})`
  } catch (error) {
    // croner and Intl name what they cannot parse.
    return error instanceof Error ? `Not a valid time: ${error.message.replace(/^CronPattern: /, '')}` : 'Not a valid time.'
  }
}
