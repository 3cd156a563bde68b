import { query } from '../api/client'
import type { JobDetail, List, RejectRow } from '../api/types'
import { useFetch } from '../hooks/use-fetch'
import { useParams } from '../hooks/use-params'
import { count, named, namedInText, pretty } from '../lib/format'
import { Empty } from '../ui/empty'
import { Export } from '../ui/export'
import { Loaded } from '../ui/loaded'
import { Pager } from '../ui/pager'
import { Ago } from '../ui/time'

/** Rejected records with their raw bodies. */
export function Rejects({ job }: { job: JobDetail }) {
  const params = useParams()
  const fetched = useFetch<List<RejectRow>>(`/api/jobs/${job.id}/rejects${query({ cursor: params.get('cursor'), limit: 50 })}`)
  return (
    <div class="stack">
      {job.rejectedBy.length > 0 && (
        <p class="soft">{job.rejectedBy.map((it) => `${count(it.records)} × ${namedInText(it.reason)}`).join(' · ')}</p>
      )}
      <Loaded of={fetched}>
        {({ items, next, total }) =>
          items.length === 0 ? (
            <Empty small title="No rejected records" icon="check">
              <p>Records that cannot be read are kept here with their raw body; the rest of their page is stored.</p>
            </Empty>
          ) : (
            <>
              <div class="row end">
                <Export path={`/api/jobs/${job.id}/rejects`} what="rejects" />
              </div>
              <ul class="card lines">
                {items.map((it) => (
                  <li key={it.id}>
                    <details>
                      <summary>
                        <b>{named(it.reason)}</b> <span class="soft">{it.stream}</span> <span class="break">{it.key}</span>
                        <span class="quiet">
                          {' '}
                          <Ago at={it.at} />
                        </span>
                      </summary>
                      {it.detail && <p class="break">{it.detail}</p>}
                      <pre class="code">{pretty(it.raw)}</pre>
                    </details>
                  </li>
                ))}
              </ul>
              <Pager params={params} next={next} total={total} shown={items.length} what="records" />
            </>
          )
        }
      </Loaded>
    </div>
  )
}
