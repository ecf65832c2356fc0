import { inBrowser } from 'vitepress';
import Theme from 'vitepress/theme-without-fonts';
import './style.css';

// Code that is wider than the page scrolls: let the keyboard reach it.
const reachable = (): void => {
  for (const wide of document.querySelectorAll('.vp-doc pre, .vp-doc table'))
    wide.setAttribute('tabindex', '0');
};

export default {
  extends: Theme,
  enhanceApp({ router }: { router: { onAfterRouteChange?: (to: string) => void } }): void {
    if (!inBrowser) return;
    router.onAfterRouteChange = () => requestAnimationFrame(reachable);
  },
};
