import { useMe } from '../hooks/use-me'
import { Button } from '../ui/button'
import { Empty } from '../ui/empty'

/** No jobs, for one of two reasons. */
export function NoJobs({ filtered }: { filtered: boolean }) {
  const { canWrite } = useMe()
  if (filtered)
    return (
      <Empty title="No job matches" icon="search">
        <p>Nothing fits these filters on this page.</p>
        <Button small href="/">
          Show all jobs
        </Button>
      </Empty>
    )
  return (
    <Empty title="Nothing has been backfilled yet" icon="jobs">
      <p>
        A job reads the history of one thing from an API into Postgres. It shows up here the moment it is started, here or by a queue
        script.
      </p>
      {canWrite && (
        <Button kind="primary" icon="plus" href="/new">
          Start the first backfill
        </Button>
      )}
    </Empty>
  )
}
