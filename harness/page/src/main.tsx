import { createRoot } from 'react-dom/client';
import { App } from './app';
import { Run } from './data';
import './style.css';

const FORMAT = 1;

const root = document.getElementById('page')!;
const run = new Run();
if (run.data.format === FORMAT) createRoot(root).render(<App run={run} />);
else root.textContent = 'The data of this page have a format that its script does not know.';
