r"""DeepCut: a graph of superpixels, clustered by a small graph network.

Superpixels are the nodes i of a graph, their features c are compared,

.. math:: w_{ij} = \exp(-\|c_i - c_j\|^2 / \sigma) \quad\text{or}\quad W = F F^T

and a network with one graph convolution gives each the probability S of every cluster. It is
trained on the graph itself, by the normalised cut with W the positive part over its maximum,

.. math:: L = -\frac{\mathrm{Tr}(S^T W S)}{\mathrm{Tr}(S^T D S)}
              + \left\| \frac{S^T S}{\|S^T S\|_F} - \frac{I}{\|I\|_F} \right\|_F

or by correlation clustering, where similarities below a share of the largest repel:

.. math:: L = -\sum_{ij} W_{ij} (S S^T)_{ij}, \qquad W \leftarrow W - \max(W) / \alpha

K is then only an upper bound. Features spread over the positive part of W. In two stages the
network first parts foreground from background, and two others then cluster each.

References
----------
Aflalo, Bagon, Kashti and Eldar, DeepCut: Unsupervised segmentation using graph neural networks
clustering, 2022, doi:10.48550/arXiv.2212.05853.
"""

from napari_selfseg.methods._deepcut._method import DeepCut

__all__ = ["DeepCut"]
