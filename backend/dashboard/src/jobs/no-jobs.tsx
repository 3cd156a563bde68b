import { useMe } from '../hooks/use-me'
import { Button } from '../ui/button'
import { Empty } from '../ui/empty'

/** An empty list: because of the filters, or because there are no jobs. */
export function NoJobs({ filtered }: { filtered: boolean }) {
  const { canWrite } = useMe()
  if (filtered)
    return (
      <Empty title="No matching jobs" icon="search">
        <p>No job matches these filters.</p>
        <Button small href="/">
          Show all jobs
        </Button>
      </Empty>
    )
  return (
    <Empty title="No jobs yet" icon="jobs">
      <p>
        A job reads the history of one subject from an API into Postgres. It appears here as soon as it is started, from this page or by a
        queue script.
      </p>
      {canWrite && (
        <Button kind="primary" icon="plus" href="/new">
          Start the first backfill
        </Button>
      )}
    </Empty>
  )
}
