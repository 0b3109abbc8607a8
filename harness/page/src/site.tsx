import { createRoot } from 'react-dom/client';
import { SiteApp } from './site_app';
import type { SiteData } from './site_data';
import './style.css';
import './site.css';

const FORMAT = 1;

const root = document.getElementById('page')!;
const data = JSON.parse(document.getElementById('site')?.textContent ?? 'null') as SiteData;
if (data.format === FORMAT) createRoot(root).render(<SiteApp data={data} />);
else root.textContent = 'The data of this page have a format that its script does not know.';
