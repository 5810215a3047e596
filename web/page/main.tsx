/** Starts the page. */
import { render } from 'preact';
import { App } from './app.js';
import './style/page.css';

const root = document.getElementById('page');
if (root !== null) {
  // What the page shows until its code has come; the first thing that the code shows looks the same.
  root.replaceChildren();
  render(<App />, root);
}
