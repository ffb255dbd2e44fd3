"""Where training lines and pages come from: real, drawn, distorted, replayed, held out."""
