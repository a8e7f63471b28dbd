import { demoTests } from './demo-tests.ts'

demoTests(['--mode', 'kafka'])
