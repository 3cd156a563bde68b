import { Link } from 'wouter-preact'
import type { JobDetail } from '../api/types'
import { useParams } from '../hooks/use-params'
import { counted, namedInText } from '../lib/format'
import { Note } from '../ui/note'

/** That tasks failed or are tried again, why, and where more is told. */
export function FailuresNote({ job }: { job: JobDetail }) {
  const params = useParams()
  if (job.errors.length === 0) return null
  const by = (isFailed: boolean) => job.errors.filter(({ state }) => (state === 'failed') === isFailed)
  const text = (errors: JobDetail['errors']) => {
    const kinds = [...new Set(errors.map(({ kind }) => namedInText(kind)))]
    return `${counted(
      errors.reduce((sum, { tasks }) => sum + tasks, 0),
      'task',
    )} (${kinds.slice(0, 3).join(', ')}${kinds.length > 3 ? ', …' : ''})`
  }
  const [failed, retrying] = [by(true), by(false)]
  return (
    <Note tone={failed.length > 0 ? 'bad' : 'warn'}>
      {failed.length > 0 && <>Failed: {text(failed)}. </>}
      {retrying.length > 0 && <>Tried again: {text(retrying)}. </>}
      <Link href={params.href({ tab: 'failures' })}>Causes, and whether a retry helps</Link>
    </Note>
  )
}
