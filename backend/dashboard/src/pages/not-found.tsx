import { Button } from '../ui/button'
import { Page } from '../ui/page'

export function NotFound() {
  return (
    <Page title="There is no such page" about="The address may be mistyped, or the page has moved.">
      <p>
        <Button href="/">To the jobs</Button>
      </p>
    </Page>
  )
}
