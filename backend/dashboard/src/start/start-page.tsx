import type { CommandInfo, JobDetail, SourceInfo } from '../api/types'
import { useFetch } from '../hooks/use-fetch'
import { useMe } from '../hooks/use-me'
import { useParams } from '../hooks/use-params'
import { Empty } from '../ui/empty'
import { Loaded } from '../ui/loaded'
import { Page } from '../ui/page'
import { ManyForm } from './many-form'
import { StartForm } from './start-form'

/** A new backfill: its source, its parameters and its cost. */
export function Start() {
  const params = useParams()
  const { canWrite } = useMe()
  const sources = useFetch<{ items: SourceInfo[] }>('/api/sources')
  const like = useFetch<JobDetail>(params.get('like') ? `/api/jobs/${encodeURIComponent(params.get('like'))}` : null)
  if (!canWrite)
    return (
      <Page title="New backfill" narrow>
        <Empty title="This login is read-only">
          <p>Log in with the ADMIN_TOKEN to start a backfill.</p>
        </Empty>
      </Page>
    )
  return (
    <Page title="New backfill" about="Reads the history of one subject into Postgres. Data that is already stored is not fetched again.">
      <Loaded of={sources}>
        {({ items }) => {
          const source = items.find((one) => one.name === params.get('source')) ?? items[0]
          if (!source)
            return (
              <Empty title="No sources">
                <p>No source is installed.</p>
              </Empty>
            )
          const command = manyOf(source).find((one) => one.name === params.get('command'))
          return (
            <>
              {items.length > 1 && (
                <fieldset class="section">
                  <legend class="legend">Source</legend>
                  <div class="choices">
                    {items.map((one) => (
                      <label key={one.name} class="choice">
                        <input
                          type="radio"
                          name="source"
                          checked={one.name === source.name}
                          onChange={() => params.set({ source: one.name, like: null, command: null }, { replace: true })}
                        />
                        <span>
                          <b>{one.name}</b>
                          <span class="hint">{one.about}</span>
                        </span>
                      </label>
                    ))}
                  </div>
                </fieldset>
              )}
              {items.length === 1 && <p class="soft">{source.about}</p>}
              <Commands
                source={source}
                chosen={command?.name ?? ''}
                onChoose={(name) => params.set({ command: name }, { replace: true })}
              />
              {command ? (
                <ManyForm key={command.name} command={command} />
              ) : params.get('like') && like.busy && !like.data ? null : (
                <StartForm key={`${source.name} ${like.data?.id ?? ''}`} source={source} preset={like.data?.params} />
              )}
            </>
          )
        }}
      </Loaded>
    </Page>
  )
}

/** The commands that take ids. */
const manyOf = (source: SourceInfo): CommandInfo[] => source.commands.filter((one) => one.ids !== null)

/** One backfill, or what a source does with many ids at once. */
function Commands({ source, chosen, onChoose }: { source: SourceInfo; chosen: string; onChoose: (name: string | null) => void }) {
  const commands = manyOf(source)
  if (commands.length === 0) return null
  return (
    <label class="field">
      <span class="legend">How many</span>
      <select class="input" value={chosen} onChange={(event) => onChoose(event.currentTarget.value || null)}>
        <option value="">One backfill, by this form</option>
        <optgroup label="Several ids at once">
          {commands
            .filter((one) => one.lookup === null)
            .map((one) => (
              <option key={one.name} value={one.name}>
                {one.about}
              </option>
            ))}
        </optgroup>
        {commands.some((one) => one.lookup !== null) && (
          <optgroup label="Lookups, without a job">
            {commands
              .filter((one) => one.lookup !== null)
              .map((one) => (
                <option key={one.name} value={one.name}>
                  {one.about}
                </option>
              ))}
          </optgroup>
        )}
      </select>
    </label>
  )
}
