// SPDX-License-Identifier: Apache-2.0
// The charting library with its style, as a file of its own.
import 'uplot/dist/uPlot.min.css';
import uPlot from 'uplot';

export default uPlot;
