import { useEffect, useRef, useState } from 'preact/hooks'
import { counted } from '../lib/format'
import { Dialog } from '../ui/dialog'
import { useEntries, useJobs } from './entries'
import { type Entry, matching } from './match'

const LIST = 'palette-list'
const optionId = (at: number) => `palette-option-${at}`

/** Finds pages, jobs, sources to start, schedules, gates and the actions of the page by text (the combobox pattern of WAI-ARIA). */
export default function Palette({ actions, onClose }: { actions: Entry[]; onClose: () => void }) {
  const [text, setText] = useState('')
  const [at, setAt] = useState(0)
  const list = useRef<HTMLDivElement>(null)
  const entries = useEntries(actions)
  const jobs = useJobs(text)
  const groups = matching(text, entries)
  if (jobs && jobs.length > 0) groups.unshift(['Jobs', jobs])
  const flat = groups.flatMap(([, found]) => found)
  const active = Math.min(at, flat.length - 1)
  useEffect(() => {
    list.current?.querySelector('[aria-selected="true"]')?.scrollIntoView({ block: 'nearest' })
  }, [active])

  const run = (entry: Entry | undefined) => {
    if (!entry) return
    onClose()
    entry.run()
  }
  const onKeyDown = (event: KeyboardEvent) => {
    const moves: Record<string, number> = { ArrowDown: active + 1, ArrowUp: active - 1, PageDown: active + 8, PageUp: active - 8 }
    const next = moves[event.key]
    if (next !== undefined && flat.length > 0) {
      event.preventDefault()
      const isStep = event.key.startsWith('Arrow')
      setAt(isStep ? (next + flat.length) % flat.length : Math.max(0, Math.min(flat.length - 1, next)))
    } else if (event.key === 'Enter' && !event.isComposing) {
      event.preventDefault()
      run(flat[active])
    }
  }

  let n = -1
  return (
    <Dialog title="Go to or do" kind="palette" onClose={onClose}>
      <input
        class="input"
        type="text"
        role="combobox"
        aria-label="Search pages, jobs and actions"
        aria-expanded="true"
        aria-controls={LIST}
        aria-autocomplete="list"
        aria-activedescendant={flat.length > 0 ? optionId(active) : undefined}
        autocomplete="off"
        spellcheck={false}
        autofocus
        placeholder="A page, job or action"
        value={text}
        onInput={(event) => {
          setText(event.currentTarget.value)
          setAt(0)
        }}
        onKeyDown={onKeyDown}
      />
      <div class="palette-list" id={LIST} role="listbox" aria-label="Results" ref={list}>
        {groups.map(([group, found]) => (
          // biome-ignore lint/a11y/useSemanticElements: a listbox has groups, not fieldsets.
          <div key={group} role="group" aria-label={group}>
            <div class="palette-group" aria-hidden="true">
              {group}
            </div>
            {found.map((entry) => {
              n += 1
              const mine = n
              return (
                // biome-ignore lint/a11y/useKeyWithClickEvents: the keys are those of the input, which keeps the focus.
                // biome-ignore lint/a11y/useFocusableInteractive: aria-activedescendant names the active option.
                <div
                  key={entry.id}
                  id={optionId(mine)}
                  class="palette-option"
                  role="option"
                  aria-selected={mine === active}
                  onPointerMove={() => mine !== active && setAt(mine)}
                  onClick={() => run(entry)}
                >
                  <span class="break">{entry.text}</span>
                  {entry.more && <span class="soft small">{entry.more}</span>}
                </div>
              )
            })}
          </div>
        ))}
        {flat.length === 0 && jobs !== undefined && <p class="soft small">Nothing has this text.</p>}
      </div>
      <p class="hidden" role="status">
        {jobs === undefined ? 'Searching jobs…' : counted(flat.length, 'result')}
      </p>
    </Dialog>
  )
}
