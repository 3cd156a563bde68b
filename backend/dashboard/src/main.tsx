import { render } from 'preact'
import { App } from './app'
import './styles/tokens.css'
import './styles/base.css'
import './styles/shell.css'
import './styles/controls.css'
import './styles/data.css'
import './styles/jobs.css'
import './styles/alerts.css'
import './styles/job-list.css'
import './styles/job.css'
import './styles/job-parts.css'
import './styles/charts.css'
import './styles/tools.css'

const root = document.getElementById('app')
if (root) render(<App />, root)
