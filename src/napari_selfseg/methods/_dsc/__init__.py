r"""Deep superpixel cut.

Two stages. In the first (algorithm 1) an autoencoder, SuperAE, learns to reconstruct the image x
and to smooth it within superpixels; in the second (algorithm 2) a 1x1 convolution on its encoder
parts the superpixels into K partitions, with t and z both the superpixels given:

.. math::

    L_r &= \| x - x^R \|^2 + \lambda \sum_i \sum_j t_{ij} \| x^R_i - v_j \|^2 \qquad (1) \\
    v_j &= \sum_i t_{ij} x_i / \sum_i t_{ij} \qquad (2) \\
    L_1 &= -\sum_n \sum_k \tilde y^k_n \log p^k_n, \quad P = \mathrm{softmax}(F) \qquad (3) \\
    c_n &= \arg\max_k p^k_n, \quad C_j = \arg\max_k |\{n \in S_j : c_n = k\}|, \quad
    \tilde y^k_n = \mathbf{1}(k = C_j) \qquad (4) \\
    g_j &= \sum_i z_{ij} f_i / \sum_i z_{ij} \qquad (5) \\
    q^j_k &= \sum_i z_{ij} p^i_k / \sum_i z_{ij} \qquad (6) \\
    w_{ij} &= \exp(-\| g_i - g_j \|^2 / \sigma^2)
    \text{ where } \| l(i) - l(j) \| < d, \text{ otherwise } 0 \qquad (7) \\
    L_2 &= \sum_k Q_k^T \mathbf{W} (\mathbf{1} - Q_k) \qquad (8) \\
    L_s &= \alpha L_1 + \beta L_2 \qquad (9)

Equation 9 is printed without the minus of :math:`L_1`, equation 4 with another last line. The sums
over pixels of equations 1 and 3 are taken as means, and :math:`\beta = 5 / M^2` is the weight
beside that mean. As in the gradient of the paper (equation 11), W is a constant in L_2. Of several
images M is the mean number of superpixels, and L_2 the mean over the images.

References
----------
Lin, Zhong and Lu, Deep superpixel cut for unsupervised image segmentation, 2021,
doi:10.48550/arXiv.2103.06031.
"""

from napari_selfseg.methods._dsc._method import DSC

__all__ = ["DSC"]
